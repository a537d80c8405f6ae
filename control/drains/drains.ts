/** Follows the logs of all apps that have drains, and hands each line to them. */
import type { AppName, EnvironmentName } from "../../core/index.ts";
import type { Deps } from "../deps.ts";
import { createDrain, type Drain } from "./drain.ts";

export interface Drains {
  /** After a change of drains or environments; also looked at from time to time. */
  refresh(): void;
  waiting(id: number): number;
  start(): void;
  close(): void;
}

const LOOK_INTERVAL_MS = 3_000;
/** Looked at when following begins: what came while nobody did (a restart of control, a new environment). Each drain leaves out what it has sent. */
const CAUGHT_UP_LINES = 2_000;

export function createDrains({ store, runtime, settings, log }: Pick<Deps, "store" | "runtime" | "settings" | "log">): Drains {
  const drains = new Map<number, { readonly app: AppName; readonly drain: Drain }>();
  const followers = new Map<EnvironmentName, AbortController>();
  let timer: NodeJS.Timeout | null = null;
  /** Time of the last line that was handed on: a follower that begins again begins there. */
  const seen = new Map<EnvironmentName, string>();

  const follow = async (app: AppName, environment: EnvironmentName, signal: AbortSignal): Promise<void> => {
    const since = seen.get(environment) ?? "";
    for await (const line of runtime.logs({ environment, lines: CAUGHT_UP_LINES, process: null, follow: true, signal })) {
      if (line.time <= since) continue;
      if (line.time > (seen.get(environment) ?? "")) seen.set(environment, line.time);
      for (const each of drains.values()) if (each.app === app) each.drain.add({ ...line, environment });
    }
  };
  const refresh = (): void => {
    if (timer === null) return;
    const records = new Map(store.drains.all().map((record) => [record.id, record]));
    for (const [id, { drain }] of drains) {
      if (records.has(id)) continue;
      drain.close();
      drains.delete(id);
    }
    for (const record of records.values()) {
      if (drains.has(record.id)) continue;
      const drain = createDrain({ record, url: store.drains.url(record.id), store: store.drains, hostname: settings.domain, log });
      drains.set(record.id, { app: record.app, drain });
    }
    const apps = new Set([...drains.values()].map(({ app }) => app));
    const wanted = new Map([...apps].flatMap((app) => store.apps.environments(app).map(({ name }) => [name, app] as const)));
    for (const [environment, following] of followers) if (!wanted.has(environment)) following.abort();
    for (const [environment, app] of wanted) {
      if (followers.has(environment)) continue;
      const following = new AbortController();
      followers.set(environment, following);
      follow(app, environment, following.signal)
        .catch((error) => log.error({ err: error, environment }, "following logs for drains failed"))
        .finally(() => followers.delete(environment));
    }
  };
  const look = (): void => {
    try {
      refresh();
    } catch (error) {
      log.error({ err: error }, "looking after drains failed");
    }
  };

  return {
    refresh: look,
    waiting: (id) => drains.get(id)?.drain.waiting() ?? 0,
    start() {
      timer = setInterval(look, LOOK_INTERVAL_MS).unref();
      look();
    },
    close() {
      clearInterval(timer ?? undefined);
      timer = null;
      for (const following of followers.values()) following.abort();
      for (const { drain } of drains.values()) drain.close();
    },
  };
}
