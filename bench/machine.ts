/** The machine a number was taken on: without it the number says nothing. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    versions: {
      node: process.versions.node,
      git: version("git", "--version"),
      runc: version("runc", "--version"),
      commit: version("git", "rev-parse", "--short", "HEAD"),
    },
  };
}

function version(program: string, ...argv: string[]): string {
  try {
    return firstLine(execFileSync(program, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return "missing";
  }
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/^(git|runc) version /, "");
}
