/** Runs shell text with some of the launcher's parts sourced, as the launcher itself does. */
import { join } from "node:path";
import { type CommandResult, run } from "../../support/command.ts";

export const ROOT = join(import.meta.dirname, "../../..");

/** The text sees ROOT, DATA and RUN from the environment given. */
export function shell(parts: readonly string[], text: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const sourced = parts.map((part) => `source "$PARTS/${part}.sh"`).join("\n");
  return run(["bash", "-c", `set -uo pipefail\n${sourced}\n${text}`], {
    env: { PATH: `${process.env["PATH"]}:/usr/sbin`, HOME: "/root", ROOT, PARTS: join(ROOT, "launcher"), ...env },
  });
}
