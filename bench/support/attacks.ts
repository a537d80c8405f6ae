/** Attacks on a router, each by a process of its own, so that honest clients are not timed by who attacks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Attack {
  readonly name: string;
  /** Resolves when it is under way; answers how to end it. */
  begin(target: { readonly port: number; readonly host: string }): Promise<() => Promise<void>>;
}

const PROGRAM = join(import.meta.dirname, "attacker.ts");

function attack(name: string, kind: string): Attack {
  return {
    name,
    async begin({ port, host }) {
      const child = spawn(process.execPath, [PROGRAM, kind, String(port), host], { stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      return async () => {
        const exited = once(child, "exit");
        child.kill("SIGKILL");
        await exited;
      };
    },
  };
}

export const ATTACKS: readonly Attack[] = [
  attack("2,000 heads at a byte a second", "slowloris"),
  attack("10,000 silent connections", "silent"),
  attack("a flood of header lines", "flood"),
];
