/** The cap on build containers of this host. Only a step that really runs takes a slot: a code-only push never waits for somebody's build. */
import type { Sandbox, SandboxResult, SandboxSpec } from "../core/index.ts";

export function capSandbox(sandbox: Sandbox, slots: number): Sandbox {
  let free = slots;
  const waiting: (() => void)[] = [];
  const acquire = async (spec: SandboxSpec): Promise<void> => {
    if (free > 0) {
      free -= 1;
      return;
    }
    spec.onLine(`waiting for a build slot (${slots} on this host, ${waiting.length + 1} waiting)`);
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(spec.signal.reason);
      };
      const take = () => {
        spec.signal.removeEventListener("abort", leave);
        resolve();
      };
      waiting.push(take);
      spec.signal.addEventListener("abort", leave, { once: true });
    });
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async run(spec): Promise<SandboxResult> {
      spec.signal.throwIfAborted();
      await acquire(spec);
      try {
        return await sandbox.run(spec);
      } finally {
        release();
      }
    },
  };
}
