/** Looking at what runs, and running something beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  EMPTY_MANIFEST,
  type ProcessDefinition,
  PushboatError,
  RELEASE,
  type Settings,
  type ShownInstance,
  type WEB,
} from "../core/index.ts";
import type { Control, StatusReport } from "./api.ts";
import { currentWorkload } from "./current.ts";
import type { Deps } from "./deps.ts";
import { reportDisk } from "./disk-report.ts";
import { requireEnvironment, requireRelease } from "./find.ts";
import type { JobQueue } from "./queue.ts";
import { oneOffSize, sizeOf } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { quantityOf } from "./workload.ts";

type ObserveActions = Pick<Control, "status" | "disk" | "instances" | "signal" | "formation" | "logs" | "run" | "exportImage">;

export function createObserveActions(deps: Deps, queue: JobQueue, version: string): ObserveActions {
  const { store, runtime, settings } = deps;

  return {
    disk: () => reportDisk(deps),
    async status(): Promise<StatusReport> {
      const routerVersion = await deps.router.version();
      return {
        version,
        processes: platformProcesses(settings),
        domain: settings.domain,
        httpPort: settings.httpPort,
        sshPort: settings.sshPort,
        dataDirectory: settings.dataDirectory,
        apps: store.apps.apps().length,
        instances: runtime.instances().length,
        queued: store.deployments.open().length,
        redis: queue.redis(),
        router: routerVersion === null ? "down" : "up",
      };
    },
    async instances(target) {
      const environment = requireEnvironment(deps, target);
      if (environment.asleep) return await sleepingInstances(deps, environment);
      return runtime.instances(environment.name).filter((instance) => instance.revision === environment.revision);
    },
    async formation(target) {
      const environment = requireEnvironment(deps, target);
      const { imageDigest, manifest } = requireRelease(deps, environment);
      const image = await deps.builder.image(imageDigest);
      const [formation, sizes] = [store.releases.formation(environment.name), store.releases.sizes(environment.name)];
      return (Object.entries(image?.processes ?? {}) as [typeof WEB, ProcessDefinition][])
        .filter(([type]) => type !== RELEASE)
        .map(([type, definition]) => ({
          type,
          quantity: quantityOf(type, formation),
          command: definition.command.join(" "),
          size: sizeOf(settings, environment, type, { manifest, sizes }),
          usual: sizeOf(settings, environment, type, { manifest: EMPTY_MANIFEST, sizes: {} }),
        }));
    },
    async signal(target, name, signal, actor) {
      const environment = requireEnvironment(deps, target);
      const running = runtime
        .instances(environment.name)
        .filter(
          ({ revision, state }) => !environment.asleep && revision === environment.revision && state !== "crashed" && state !== "down",
        );
      const instance = running.find(({ type, index }) => `${type}.${index}` === name);
      if (instance === undefined) {
        throw new PushboatError({
          code: "instance/not-running",
          message: `no ${name} runs in ${environment.name}`,
          hint: `See what does: ps ${environment.name}`,
        });
      }
      store.access.audit(actor.identity, "signal", `${target.name}: ${signal} to ${name}`, deps.now());
      runtime.writeLog(environment.name, `pushboat[${name}]`, `SIG${signal} sent by ${actor.identity.name}`);
      await runtime.signal(instance, signal);
    },
    logs(target, query) {
      const environment = requireEnvironment(deps, target);
      return runtime.logs({ environment: environment.name, ...query });
    },
    async run(target, command, io, actor) {
      const environment = requireEnvironment(deps, target);
      const release = requireRelease(deps, environment);
      if (command.length === 0)
        throw new PushboatError({ code: "run/no-command", message: "no command was given", hint: `run ${target.name} -- ls -l` });
      const workload = await currentWorkload(deps, environment);
      store.access.audit(actor.identity, "run", target.name, deps.now());
      const result = await runtime.runOneOff(
        {
          workload,
          name: `run.${store.runs.nextNumber()}`,
          definition: { form: command.length === 1 ? "shell" : "exec", command },
          size: oneOffSize(settings, environment, "run", release.manifest),
          extraEnv: {},
          signal: actor.disconnected,
        },
        io,
      );
      return result.exitCode;
    },
    async exportImage(target, directory, actor) {
      if (actor.identity.via !== "local") {
        throw new PushboatError({
          code: "images/local-only",
          message: "an export writes on the server, so it is asked for there",
          hint: `On the server: sudo ./pushboat images:export ${target.name} oci:DIR`,
        });
      }
      const environment = requireEnvironment(deps, target);
      const release = requireRelease(deps, environment);
      const image = await deps.builder.image(release.imageDigest);
      if (image === null)
        throw new PushboatError({
          code: "release/image-swept",
          message: `the image of v${release.number} is no longer kept`,
          kind: "platform",
        });
      return await deps.builder.exportOci(image, directory, `v${release.number}`);
    },
  };
}

/** What the launcher's loop keeps running: NAME -> "PID STARTTICKS". */
function platformProcesses(settings: Settings): StatusReport["processes"] {
  const directory = join(settings.runDirectory, "processes");
  try {
    return readdirSync(directory)
      .filter((name) => /^[a-z]+$/.test(name))
      .map((name) => ({ name, pid: Number(readFileSync(join(directory, name), "utf8").split(" ")[0]) }))
      .filter(({ pid }) => pid > 0);
  } catch {
    return [];
  }
}

/** What will run again at the next request; nothing of it has a process now, or a frozen one. */
async function sleepingInstances(deps: Deps, environment: EnvironmentRecord): Promise<readonly ShownInstance[]> {
  const workload = await currentWorkload(deps, environment);
  const frozen = deps.runtime.instances(environment.name);
  return workload.processes.flatMap(({ type, quantity }) =>
    Array.from({ length: quantity }, (_, at): ShownInstance => {
      const held = frozen.find((instance) => instance.type === type && instance.index === at + 1);
      return {
        id: held?.id ?? "",
        environment: environment.name,
        revision: workload.revision,
        release: workload.release,
        type,
        index: at + 1,
        state: "idle",
        address: null,
        pid: held?.pid ?? null,
        memoryBytes: held?.memoryBytes ?? 0,
        restarts: held?.restarts ?? 0,
        sinceMs: held?.sinceMs ?? environment.createdMs,
        reason: "asleep until its next visitor",
      };
    }),
  );
}
