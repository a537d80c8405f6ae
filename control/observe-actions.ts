/** Looking at what runs, and running something beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EMPTY_MANIFEST, type Instance, type ProcessDefinition, PushboatError, RELEASE, type Settings, type WEB } from "../core/index.ts";
import type { Control, StatusReport } from "./api.ts";
import { currentWorkload } from "./current.ts";
import type { Deps } from "./deps.ts";
import { reportDisk } from "./disk-report.ts";
import { requireEnvironment, requireRelease } from "./find.ts";
import { definitionOf } from "./one-off-script.ts";
import type { JobQueue } from "./queue.ts";
import { shownInstances } from "./shown-instances.ts";
import { oneOffSize, sizeOf } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { quantityOf } from "./workload.ts";

type ObserveActions = Pick<
  Control,
  "status" | "disk" | "checkState" | "instances" | "signal" | "usage" | "exec" | "formation" | "logs" | "run" | "exportImage"
>;

export function createObserveActions(deps: Deps, queue: JobQueue, version: string): ObserveActions {
  const { store, runtime, settings } = deps;

  return {
    disk: () => reportDisk(deps),
    checkState: async () => store.problems(),
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
    instances: async (target) => shownInstances(deps, requireEnvironment(deps, target)),
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
      const instance = requireRunning(deps, environment, name);
      store.access.audit(actor.identity, "signal", `${target.name}: ${signal} to ${name}`, deps.now());
      runtime.writeLog(environment.name, `pushboat[${name}]`, `SIG${signal} sent by ${actor.identity.name}`);
      await runtime.signal(instance, signal);
    },
    async usage(target) {
      return runtime.usage(requireEnvironment(deps, target).name);
    },
    async exec(target, name, command, io, actor) {
      const environment = requireEnvironment(deps, target);
      const instance = requireRunning(deps, environment, name);
      const workload = await currentWorkload(deps, environment);
      store.access.audit(actor.identity, "exec", `${target.name} ${name}`, deps.now());
      runtime.writeLog(environment.name, `pushboat[${name}]`, `exec by ${actor.identity.name}: ${command[0] ?? ""}`);
      return await runtime.exec(instance, { workload, definition: definitionOf(command), signal: actor.disconnected }, io);
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
          definition: definitionOf(command),
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

function requireRunning({ runtime }: Deps, environment: EnvironmentRecord, name: string): Instance {
  const instance = runtime
    .instances(environment.name)
    .find(
      ({ revision, state, type, index }) =>
        !environment.asleep && revision === environment.revision && state !== "crashed" && state !== "down" && `${type}.${index}` === name,
    );
  if (instance !== undefined) return instance;
  throw new PushboatError({
    code: "instance/not-running",
    message: `no ${name} runs in ${environment.name}`,
    hint: environment.asleep ? "It sleeps: a request to its URL wakes it." : `See what does: ps ${environment.name}`,
  });
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
