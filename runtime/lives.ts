/** The life of each instance: started, ready, ended. Changes the table; decides nothing about what comes after a crash. */
import { WEB, type Workload, type WorkloadProcess } from "../core/index.ts";
import { type Birth, instanceSpec, newborn, processOf } from "./birth.ts";
import { newContainerId } from "./container-id.ts";
import type { Container, ContainerExit, Engine } from "./engine/contract.ts";
import { exitReason } from "./exit-reason.ts";
import type { InstanceTable } from "./instance-table.ts";
import { socketName } from "./listening-sockets.ts";
import type { Logs } from "./logs/index.ts";
import { isAlive } from "./process-identity.ts";
import { awaitUpFor, awaitWebReady } from "./readiness.ts";
import { engineError, failureReason, type StartFailure, startError, stoppedError } from "./start-failure.ts";
import { instanceName, isLiving, type Tracked } from "./tracked.ts";

export interface LivesParts {
  readonly engine: Engine;
  readonly table: InstanceTable;
  readonly logs: Logs;
  readonly now: () => number;
  /** For what nobody waits for. */
  readonly complain: (what: string, error: unknown) => void;
}

export interface Lives {
  /** Starts an instance; the table has it as `starting` before this returns. */
  begin(birth: Birth): string;
  /** Takes up one that was started by an earlier supervisor. */
  adopt(container: Container, instance: Tracked): void;
  /** Resolves when it is up; throws a PushboatError when it does not come up. */
  ready(id: string, workload: Workload): Promise<void>;
  /** Resolves when its init has ended (or could not be started). */
  ended(id: string): Promise<void>;
  /** Resolves when its start is over, one way or the other: before that it cannot be stopped. */
  started(id: string): Promise<void>;
  /** It was removed. */
  forget(id: string): void;
  /** Ends all watching; the containers run on. */
  close(): void;
}

interface Life {
  readonly startedMs: number;
  readonly container: Promise<Container>;
  readonly ended: Promise<void>;
  /** Aborted when it has ended or is being forgotten. */
  readonly over: AbortController;
  exit: ContainerExit | null;
  /** Why we killed it ourselves. */
  verdict: string | null;
  ready: Promise<void> | null;
}

export function createLives(parts: LivesParts): Lives {
  const { engine, table, logs, now, complain } = parts;
  const lives = new Map<string, Life>();
  const closing = new AbortController();

  function begin(birth: Birth): string {
    const { environment } = birth.workload;
    const name = instanceName(birth);
    const id = newContainerId(environment, name);
    const instance = newborn(birth, { id, logFile: logs.instanceFile(environment, name, id), nowMs: now() });
    if (birth.replaces !== null) takePlace(birth.replaces.crashed);
    table.add(instance);
    live(instance, engine.start(instanceSpec(birth, instance)));
    ready(id, birth.workload).catch(() => {});
    return id;
  }

  /** The dead one leaves the table now and the machine a little later. */
  function takePlace(crashed: Tracked): void {
    table.drop(crashed.id);
    forget(crashed.id);
    engine.remove(crashed.id).catch((error) => complain(`removing ${crashed.id}`, error));
  }

  function live(instance: Tracked, container: Promise<Container>): void {
    const over = new AbortController();
    const life: Life = { startedMs: now(), container, over, ended: watch(instance.id, container), exit: null, verdict: null, ready: null };
    lives.set(instance.id, life);
  }

  /** Until its end: then it has crashed, unless somebody is stopping it. */
  async function watch(id: string, started: Promise<Container>): Promise<void> {
    try {
      const container = await started;
      if (table.get(id)?.pid !== container.pid) table.change(id, { pid: container.pid, ip: container.ip });
    } catch (error) {
      return end(id, `could not be started: ${error instanceof Error ? error.message : String(error)}`);
    }
    try {
      const exit = await engine.wait(id, closing.signal);
      const life = lives.get(id);
      if (life !== undefined) life.exit = exit;
      end(id, life?.verdict ?? exitReason(exit, table.get(id)?.memoryLimitBytes ?? 0));
    } catch (error) {
      if (!closing.signal.aborted) complain(`watching ${id}`, error);
    }
  }

  function end(id: string, reason: string): void {
    const instance = table.get(id);
    if (instance !== undefined && isLiving(instance)) table.change(id, { state: "crashed", sinceMs: now(), pid: null, reason });
    if (instance !== undefined) logs.ended(instance.logFile);
    lives.get(id)?.over.abort();
  }

  function ready(id: string, workload: Workload): Promise<void> {
    const life = lives.get(id);
    const instance = table.get(id);
    if (life === undefined || instance === undefined) return Promise.reject(stoppedError(id));
    if (instance.state === "up") return Promise.resolve();
    life.ready ??= becomeReady(instance, life, processOf(workload, instance.type));
    return life.ready;
  }

  async function becomeReady(instance: Tracked, life: Life, process: WorkloadProcess): Promise<void> {
    const name = instanceName(instance);
    const container = await life.container.catch((error) => {
      throw engineError(name, error);
    });
    const failure = await watchReadiness(instance, life, container, process);
    if (failure === null) return comeUp(instance, life, name);
    if (failure.kind !== "exited") await condemn(instance.id, life, failureReason(failure));
    throw startError(name, failure);
  }

  /** It may have ended between the last look and now. */
  function comeUp(instance: Tracked, life: Life, name: string): void {
    if (table.get(instance.id)?.state !== "starting") throw startError(name, exitFailure(instance, life));
    const sinceMs = now();
    table.change(instance.id, { state: "up", sinceMs, upSinceMs: sinceMs, reason: null });
  }

  async function watchReadiness(
    instance: Tracked,
    life: Life,
    container: Container,
    process: WorkloadProcess,
  ): Promise<StartFailure | null> {
    const { signal } = life.over;
    try {
      if (instance.type !== WEB || container.ip === null) return await awaitUpFor(process.readiness, signal);
      return await awaitWebReady({
        ip: container.ip,
        pid: container.pid,
        isAlive: () => isAlive(container),
        rule: process.readiness,
        signal,
        onWrongPort: (sockets) =>
          logs.write(
            instance.environment,
            supervisorSource(instance),
            `Listens on ${sockets.map(socketName).join(", ")}, not yet on $PORT`,
          ),
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      return exitFailure(instance, life);
    }
  }

  function exitFailure(instance: Tracked, life: Life): StartFailure {
    if (life.exit === null || table.get(instance.id)?.state !== "crashed") throw stoppedError(instanceName(instance));
    return { kind: "exited", exit: life.exit, afterMs: now() - life.startedMs, memoryLimitBytes: instance.memoryLimitBytes };
  }

  /** What did not boot in its time is ended; that counts as a crash. */
  async function condemn(id: string, life: Life, verdict: string): Promise<void> {
    life.verdict = verdict;
    await engine.kill(id, "KILL");
    await life.ended;
  }

  function forget(id: string): void {
    lives.get(id)?.over.abort();
    lives.delete(id);
  }

  return {
    begin,
    adopt: (container, instance) => live(instance, Promise.resolve(container)),
    ready,
    ended: async (id) => await lives.get(id)?.ended,
    started: async (id) => {
      await lives.get(id)?.container.catch(() => {});
    },
    forget,
    close: () => closing.abort(),
  };
}

/** `pushboat[web.1]` */
export function supervisorSource(instance: { readonly type: string; readonly index: number }): string {
  return `pushboat[${instanceName(instance)}]`;
}
