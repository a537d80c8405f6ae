/** A repository of several commands: which is web, and the process types of the others. */
import { type Processes, WEB } from "../core/index.ts";

/** What a command is called that serves; the first that is there. */
const SERVER_NAMES = ["web", "server", "api", "app"];

/** The only one, or the one that is called as a server: `server`, or `shop-server` in a repository of one such. */
export function chooseServer(names: readonly string[]): string | null {
  if (names.length === 1) return names[0] ?? null;
  for (const wanted of SERVER_NAMES) {
    const found = names.filter((name) => name === wanted || name.endsWith(`-${wanted}`) || name.endsWith(`_${wanted}`));
    const exact = found.find((name) => name === wanted);
    if (exact !== undefined) return exact;
    if (found.length === 1) return found[0] ?? null;
  }
  return null;
}

/** None of them runs before somebody scales it; a name that is no process type, and `release`, which would run at each deploy, are left out. */
export function commandProcesses(names: readonly string[], web: string, directory: string): Processes {
  const others = names.filter((name) => name !== web && name !== WEB && name !== "release" && /^[a-z0-9_-]{1,63}$/.test(name));
  return Object.fromEntries(others.map((name) => [name, { form: "shell", command: [`${directory}/${name}`] }])) as unknown as Processes;
}
