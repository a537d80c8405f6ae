/** An instance as something that can be asked: its address, and commands inside it. */
import type { Workload } from "../core/index.ts";
import { commandLine } from "./command-line.ts";
import { containerEnv } from "./container-spec.ts";
import type { Engine } from "./engine/contract.ts";
import type { ProbeTarget } from "./probe.ts";
import { instanceName, type Tracked } from "./tracked.ts";

export function probeTarget(engine: Engine, workload: Workload, instance: Tracked): ProbeTarget {
  const { config } = workload.image;
  return {
    ip: instance.ip ?? "0.0.0.0",
    run: async ({ form, command }, signal) => {
      const child = await engine.exec({
        id: instance.id,
        argv: commandLine({ form, command }),
        env: containerEnv({ workload, name: instanceName(instance), extraEnv: {} }),
        workingDirectory: config.workingDirectory,
        uid: config.uid,
        gid: config.gid,
        terminal: null,
      });
      const kill = (): void => child.signal("KILL");
      signal.addEventListener("abort", kill, { once: true });
      child.stdin.end();
      child.stdout.resume();
      child.stderr.resume();
      try {
        return await child.exit;
      } finally {
        signal.removeEventListener("abort", kill);
      }
    },
  };
}
