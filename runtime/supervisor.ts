/** The Runtime: what was asked for x what runs, kept together. Each skill is in a file of its own; here they are joined. */
import { type HealthyInstance, type Instance, type OneOffEnd, RESTART_POLICY, type Runtime, type Settings, WEB } from "../core/index.ts";
import { adopt } from "./adopt.ts";
import { createAllowedWays } from "./allowed-ways.ts";
import { APP_PORT } from "./container-spec.ts";
import { converge } from "./converge.ts";
import { createDetached } from "./detached.ts";
import type { Engine } from "./engine/contract.ts";
import { execIn } from "./exec.ts";
import { createHealth } from "./health.ts";
import { InstanceTable } from "./instance-table.ts";
import { createKeeper } from "./keeper.ts";
import { createLives } from "./lives.ts";
import { createLogs } from "./logs/index.ts";
import { createOneOffs } from "./one-offs.ts";
import { wanted } from "./plan.ts";
import { createPressureWatch } from "./pressure.ts";
import { createReadyMarks } from "./ready-marks.ts";
import { createStop } from "./stop.ts";
import { instanceName, isLiving, supervisorSource, type Tracked } from "./tracked.ts";

export interface SupervisorOptions {
  readonly settings: Settings;
  readonly engine: Engine;
  /** Makes the engine ready; called before anything else is asked of it. */
  readonly prepare: () => Promise<void>;
  readonly now: () => number;
  /** Failures of work that nobody waits for. */
  readonly complain: (what: string, error: unknown) => void;
}

/** `down` waits this long for apps at most: the whole machine may be going. */
const TEARDOWN_STOP_TIMEOUT_MS = 5_000;

export function createSupervisor(options: SupervisorOptions): Runtime {
  const { settings, engine, now, complain } = options;
  const table = new InstanceTable();
  const marks = createReadyMarks(settings.runDirectory);
  const logs = createLogs({ settings, now, reopen: (id) => engine.reopenLog(id), complain });
  const ways = createAllowedWays(engine);
  const listeners: ((environment: Instance["environment"]) => void)[] = [];

  // The order counts: a crash is told before the keeper, who listens too, tells of the restart.
  table.onChange((before, after) => tellState(before, after));
  table.onChange((before, after) => noteReadiness(before, after));
  const pressure = createPressureWatch({ engine, table, logs, now });
  const lives = createLives({ engine, table, logs, now, pressureOf: pressure.reason, complain });
  const stop = createStop({ engine, table, lives, now });
  const keeper = createKeeper({ table, lives, logs, policy: RESTART_POLICY, now });
  const health = createHealth({ engine, table, kept: keeper.kept, condemn: lives.condemn, now, complain });
  const onStart = (environment: Instance["environment"]): void => {
    for (const listener of listeners) listener(environment);
  };
  const oneOffs = createOneOffs({ engine, logs, now, onStart });
  const endListeners: ((end: OneOffEnd) => void)[] = [];
  const onEnd = (end: OneOffEnd): void => {
    for (const listener of endListeners) listener(end);
  };
  const detached = createDetached({ engine, logs, stopTimeoutMs: settings.stopTimeoutMs, now, complain, onStart, onEnd });
  table.onChange((before, after) => announce(before, after));

  function tellState(before: Tracked | null, after: Tracked | null): void {
    if (after === null || before?.state === after.state) return;
    const reason = after.reason === null || after.state === "stopping" || after.state === "down" ? "" : `: ${after.reason}`;
    const text = before === null ? `State changed to ${after.state}` : `State changed from ${before.state} to ${after.state}${reason}`;
    if (before !== null || after.state === "starting") logs.write(after.environment, supervisorSource(after), text);
  }

  function noteReadiness(before: Tracked | null, after: Tracked | null): void {
    try {
      if (after === null && before !== null) marks.unmark(before.id);
      else if (before !== null && before.state !== after?.state && after !== null && after.upSinceMs !== null)
        marks.mark(after.id, { upSinceMs: after.upSinceMs, unready: after.state === "unready" ? after.reason : null });
    } catch (error) {
      complain("noting that an instance is up", error);
    }
  }

  function announce(before: Tracked | null, after: Tracked | null): void {
    const instance = after ?? before;
    if (instance === null || (before?.state === after?.state && before?.ip === after?.ip)) return;
    for (const listener of listeners) listener(instance.environment);
  }

  function snapshot(instance: Tracked): Instance {
    const { id, environment, revision, release, type, index, state, pid, restarts, sinceMs, reason, ip } = instance;
    const address = type === WEB && ip !== null && isLiving(instance) ? { ip, port: APP_PORT } : null;
    const memoryBytes = isLiving(instance) ? engine.memoryBytes(id) : 0;
    return { id, environment, revision, release, type, index, state, address, pid, memoryBytes, restarts, sinceMs, reason };
  }

  async function stopAll(instances: readonly { readonly id: string }[], timeoutMs: number): Promise<void> {
    await stop(
      instances.map((instance) => instance.id),
      timeoutMs,
    );
  }

  return {
    adopt: async () => {
      await options.prepare();
      await adopt({ engine, table, lives, detached, logs, marks, complain });
    },
    converge: async (workload, convergeOptions) => {
      await ways.ensure(workload);
      return await converge({ table, lives, logs, stop, snapshot }, workload, convergeOptions);
    },
    keep: (workload) => {
      keeper.keep(workload);
      health.look(workload.environment);
      ways.ensure(workload).catch((error) => complain(`allowing ${workload.environment} its ways out`, error));
    },
    forget: (environment) => keeper.forget(environment),
    stop: (instances) => stopAll(instances, settings.stopTimeoutMs),
    signal: ({ id }, name) => engine.kill(id, name),
    freeze: (environment) => {
      health.pause(environment);
      for (const { id } of table.of(environment).filter(isLiving)) engine.freeze(id);
    },
    thaw: (environment) => {
      for (const { id } of table.of(environment).filter(isLiving)) engine.thaw(id);
      health.resume(environment);
    },
    instances: (environment) => (environment === undefined ? table.all() : table.of(environment)).map(snapshot),
    addresses: () => {
      const all = table.all();
      const ready = new Set(
        [...new Set(all.map(({ environment }) => environment))].flatMap((environment) => {
          const workload = keeper.kept(environment);
          return workload === undefined
            ? []
            : wanted(workload, table.of(environment)).flatMap(({ id, state }) => (state === "up" ? [id] : []));
        }),
      );
      const instances = all.flatMap(({ id, ip, environment, type, state }) =>
        ip === null || state === "crashed" ? [] : [{ ip, environment, type, ready: ready.has(id) }],
      );
      return [...instances, ...[...oneOffs.addresses(), ...detached.addresses()].map((one) => ({ ...one, type: null, ready: false }))];
    },
    dnsAddress: () => engine.dnsAddress(),
    setLinks: (slot, links) => engine.setLinks(slot, links),
    usage: (environment) => [
      ...table
        .of(environment)
        .filter(isLiving)
        .map(({ id, state, restarts, memoryLimitBytes, ...instance }) => ({
          ...engine.counters(id),
          ...{ name: instanceName(instance), id, state, restarts, memoryLimitBytes, memoryBytes: engine.memoryBytes(id) },
        })),
      ...detached.usage(environment),
    ],
    healthy: (environment) => {
      const workload = keeper.kept(environment);
      if (workload === undefined) return [];
      const up = wanted(workload, table.of(environment)).filter((instance) => instance.state === "up");
      return up.map((instance) => snapshot(instance) as HealthyInstance);
    },
    onChange: (listener) => void listeners.push(listener),
    runOneOff: async (spec, io) => {
      await ways.ensure(spec.workload);
      return await oneOffs.run(spec, io);
    },
    exec: (instance, { workload, definition, signal }, io) =>
      execIn(engine, { id: instance.id, workload, name: instanceName(instance), definition, extraEnv: {}, signal }, io),
    startDetached: async (spec) => {
      await ways.ensure(spec.workload);
      await detached.start(spec);
    },
    onDetachedEnd: (listener) => void endListeners.push(listener),
    endOneOff: async (environment, name, reason) =>
      (await detached.end(environment, name, reason)) || (await oneOffs.end(environment, name)),
    oneOffs: (environment) => {
      const attached = oneOffs.running().map((one) => ({ ...one, pid: null, memoryBytes: 0 }));
      return [...attached, ...detached.running()].filter((one) => environment === undefined || one.environment === environment);
    },
    setAllowed: (_, slot, allowed) => ways.set(slot, allowed),
    openVolume: ({ hostDirectory, limitBytes }) => engine.openVolume(hostDirectory, limitBytes),
    closeVolumes: (directory) => engine.closeVolumes(directory),
    logs: (query) => logs.query(query),
    writeLog: (environment, source, text) => logs.write(environment, source, text),
    removeEnvironment: async (environment, slot) => {
      keeper.forget(environment);
      await Promise.all([
        oneOffs.endAll(environment),
        detached.endAll(environment),
        stopAll(table.of(environment), settings.stopTimeoutMs),
      ]);
      await ways.set(slot, []);
      await engine.releaseSlot(slot);
      logs.removeEnvironment(environment);
    },
    teardown: async () => {
      for (const instance of table.all()) keeper.forget(instance.environment);
      await Promise.all([oneOffs.endAll(), detached.endAll(), stopAll(table.all(), TEARDOWN_STOP_TIMEOUT_MS)]);
      await engine.teardown();
      marks.clear();
    },
    close: async () => {
      health.close();
      pressure.close();
      keeper.close();
      lives.close();
      detached.close();
      logs.close();
      await engine.close();
    },
  };
}
