/** Build steps: one container each, run to its end, nothing left behind but what it wrote. */
import { chown, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox, SandboxSpec } from "../../core/index.ts";
import { createLineSplitter } from "./container/lines.ts";
import type { ContainerSpec } from "./contract.ts";
import type { PushboatEngine } from "./engine.ts";
import { unshiftOwners } from "./kernel/ownership.ts";

export interface SandboxOptions {
  readonly engine: Pick<PushboatEngine, "runAttached" | "buildUid">;
}

export function createSandbox({ engine }: SandboxOptions): Sandbox {
  let runs = 0;
  return {
    async run(spec) {
      runs += 1;
      await Promise.all(spec.binds.filter(({ mapOwners }) => mapOwners === false).map(({ source }) => own(source, engine.buildUid())));
      const out = createLineSplitter(spec.onLine);
      const err = createLineSplitter(spec.onLine);
      const timeout = AbortSignal.timeout(spec.timeoutMs);
      try {
        const exit = await engine.runAttached(
          containerSpec(spec, `${spec.name.slice(0, 40)}-${process.pid.toString(36)}-${runs.toString(36)}`),
          (chunk, stream) => (stream === "stdout" ? out : err).push(chunk),
          AbortSignal.any([spec.signal, timeout]),
        );
        return { exitCode: exit.exitCode, outOfMemory: exit.outOfMemory, timedOut: false };
      } catch (error) {
        if (spec.signal.aborted || !timeout.aborted) throw error;
        return { exitCode: 124, outOfMemory: false, timedOut: true };
      } finally {
        out.end();
        err.end();
        await unshiftOwners(spec.upperDirectory, engine.buildUid());
        await rm(`${spec.upperDirectory}.work`, { recursive: true, force: true });
      }
    },
  };
}

/** A directory of the sandbox's own: what another range of uids left in it (the platform got another index) is of no use. */
async function own(directory: string, uid: number): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await lstat(directory)).uid === uid) return;
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true, force: true });
  await chown(directory, uid, uid);
}

function containerSpec(spec: SandboxSpec, id: string): ContainerSpec {
  return {
    id,
    slot: "build",
    layers: spec.layers,
    upperDirectory: spec.upperDirectory,
    mounts: spec.binds.map((bind) => ({ ...bind, mapOwners: bind.mapOwners ?? true })),
    argv: spec.argv,
    env: spec.env,
    workingDirectory: spec.workingDirectory,
    uid: spec.uid,
    gid: spec.gid,
    network: spec.network,
    nests: spec.nests === true,
    memoryBytes: spec.memoryBytes,
    pids: spec.pids,
    cpuShares: spec.cpuShares,
    logFile: "",
    labels: {},
  };
}
