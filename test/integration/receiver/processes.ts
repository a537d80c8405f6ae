/** What runs as the git user for a directory of the test. */
import { readdirSync, readFileSync } from "node:fs";

export interface GitProcess {
  readonly pid: number;
  readonly uid: number;
  readonly processGroup: number;
  readonly commandLine: string;
  readonly environment: ReadonlyMap<string, string>;
}

/** git children of a receiver (and their hooks) that belong to this directory. */
export function gitProcesses(directory: string): readonly GitProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const commandLine = read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
      const variables = read(`/proc/${pid}/environ`).split("\0");
      const environment = new Map(
        variables.map((variable) => [variable.split("=", 1)[0] ?? "", variable.slice(variable.indexOf("=") + 1)]),
      );
      const ours = environment.get("HOME") === "/nonexistent" && (commandLine.includes(directory) || variables.join().includes(directory));
      const uid = Number(/^Uid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
      // Behind the name in parentheses: state, parent, process group.
      const processGroup = Number(
        read(`/proc/${pid}/stat`)
          .replace(/^.*\) /s, "")
          .split(" ")[2],
      );
      return ours ? [{ pid: Number(pid), uid, processGroup, commandLine, environment }] : [];
    });
}

export function gitChildren(directory: string): readonly string[] {
  return gitProcesses(directory).map(({ commandLine }) => commandLine);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
