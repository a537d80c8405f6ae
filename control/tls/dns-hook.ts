/** The administrator's program that sets and removes TXT records; called as lego calls its exec provider's. The only file that spawns it. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostName, Settings } from "../../core/index.ts";

export interface DnsHook {
  /** Resolves when the record may be looked for. */
  present(name: HostName, value: string): Promise<void>;
  cleanup(name: HostName, value: string): Promise<void>;
}

/** Some providers' interfaces take a minute until a record is everywhere. */
const TIMEOUT_MS = 180_000;
const SHOWN_LENGTH = 200;

export function createDnsHook({ acmeDnsHook, acmeDnsWaitMs }: Pick<Settings, "acmeDnsHook" | "acmeDnsWaitMs">): DnsHook | null {
  if (acmeDnsHook === null) return null;
  return {
    async present(name, value) {
      await call(acmeDnsHook, ["present", recordName(name), value]);
      await sleep(acmeDnsWaitMs);
    },
    cleanup: (name, value) => call(acmeDnsHook, ["cleanup", recordName(name), value]),
  };
}

/** RFC 8555 8.4; with the dot at its end, as lego gives it. */
export function recordName(name: HostName): string {
  return `_acme-challenge.${name.replace(/^\*\./, "")}.`;
}

function call(program: string, argv: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, argv, { timeout: TIMEOUT_MS }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`${program} ${argv[0]}: ${whatWentWrong(error, stderr)}`));
    });
  });
}

function whatWentWrong(error: Error & { readonly code?: unknown; readonly killed?: boolean }, stderr: string): string {
  if (error.killed === true) return `no end within ${TIMEOUT_MS / 1000} s`;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const ended = typeof error.code === "number" ? `ended with ${error.code}` : String(error.code ?? error.message);
  return said === "" ? ended : `${ended}: ${said.slice(0, SHOWN_LENGTH)}`;
}
