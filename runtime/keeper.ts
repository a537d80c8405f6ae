/** Keeps up what was committed: what is missing is started, what crashed is started again by the policy. */
import { decideRestart, type EnvironmentName, type RestartPolicy, type Workload } from "../core/index.ts";
import type { InstanceTable } from "./instance-table.ts";
import type { Lives } from "./lives.ts";
import type { Logs } from "./logs/index.ts";
import { plan, type Step } from "./plan.ts";
import { supervisorSource } from "./tracked.ts";

export interface KeeperParts {
  readonly table: InstanceTable;
  readonly lives: Lives;
  readonly logs: Logs;
  readonly policy: RestartPolicy;
  readonly now: () => number;
}

export interface Keeper {
  keep(workload: Workload): void;
  forget(environment: EnvironmentName): void;
  kept(environment: EnvironmentName): Workload | undefined;
  close(): void;
}

type StepOf<K extends Step["kind"]> = Extract<Step, { kind: K }>;

export function createKeeper(parts: KeeperParts): Keeper {
  const { table, lives, logs, policy, now } = parts;
  const workloads = new Map<EnvironmentName, Workload>();
  /** Pending restarts, by the id of the crashed one: the only timers there are. */
  const timers = new Map<string, NodeJS.Timeout>();
  let closed = false;

  const executors: { readonly [K in Step["kind"]]: (workload: Workload, step: StepOf<K>) => void } = {
    start: (workload, step) => lives.begin({ workload, type: step.type, index: step.index, replaces: null }),
    replace: scheduleRestart,
    await: (workload, step) => lives.ready(step.instance.id, workload).catch(() => {}),
  };

  function reconcile(environment: EnvironmentName): void {
    const workload = workloads.get(environment);
    if (workload === undefined || closed) return;
    for (const step of plan(workload, table.of(environment))) execute(workload, step);
  }

  function execute<K extends Step["kind"]>(workload: Workload, step: StepOf<K>): void {
    (executors[step.kind as K] as (workload: Workload, step: StepOf<K>) => void)(workload, step);
  }

  function scheduleRestart(workload: Workload, { crashed }: StepOf<"replace">): void {
    const decision = decideRestart(policy, crashed, now());
    table.change(crashed.id, { restartAtMs: now() + decision.delayMs });
    logs.write(workload.environment, supervisorSource(crashed), capitalized(decision.reason));
    const timer = setTimeout(() => {
      timers.delete(crashed.id);
      restart(workload.environment, crashed.id, decision.crashes);
    }, decision.delayMs);
    timers.set(crashed.id, timer);
  }

  /** Looks again: the workload may have changed while the restart waited. */
  function restart(environment: EnvironmentName, id: string, crashes: number): void {
    const workload = workloads.get(environment);
    const crashed = table.get(id);
    if (workload === undefined || crashed?.state !== "crashed") return;
    const waiting = { ...crashed, restartAtMs: null };
    const actual = table.of(environment).map((instance) => (instance.id === id ? waiting : instance));
    const step = plan(workload, actual).find((one) => one.kind === "replace" && one.crashed.id === id);
    if (step === undefined) table.change(id, { restartAtMs: null });
    else lives.begin({ workload, type: crashed.type, index: crashed.index, replaces: { crashed, crashes } });
  }

  table.onChange((_, after) => {
    if (after?.state === "crashed" && after.restartAtMs === null) reconcile(after.environment);
  });

  return {
    keep: (workload) => {
      workloads.set(workload.environment, workload);
      reconcile(workload.environment);
    },
    forget: (environment) => {
      workloads.delete(environment);
      for (const instance of table.of(environment)) {
        clearTimeout(timers.get(instance.id));
        if (timers.delete(instance.id)) table.change(instance.id, { restartAtMs: null });
      }
    },
    kept: (environment) => workloads.get(environment),
    close: () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
