/** Tells the outside: events become rows for each hook that asked for them, and rows become signed POSTs, tried again until they arrive. */
import { createHmac } from "node:crypto";
import type { AppName, Deployment, EnvironmentName } from "../core/index.ts";
import type { HookTopic } from "./api.ts";
import type { Deps } from "./deps.ts";
import type { DeliveryRecord } from "./store/hooks.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { environmentUrl } from "./urls.ts";

export interface Notifier {
  /** `live`, `failed`, `cancelled`, ... as the deployment says. */
  deployment(deployment: Deployment): void;
  environment(what: "created" | "destroyed", environment: EnvironmentRecord): void;
  start(): void;
  close(): void;
}

/** After each failed attempt; then it is given up: about six hours in all. */
export const RETRY_DELAYS_MS: readonly number[] = [5_000, 30_000, 2 * 60_000, 10 * 60_000, 60 * 60_000, 5 * 60 * 60_000];
const TIMEOUT_MS = 10_000;
/** setTimeout's own limit is 24.8 days; looking once an hour costs nothing. */
const MAX_SLEEP_MS = 3_600_000;

export function createNotifier({ store, settings, now, log }: Pick<Deps, "store" | "settings" | "now" | "log">): Notifier {
  let timer: NodeJS.Timeout | null = null;
  let started = false;
  let delivering = false;

  const schedule = (): void => {
    if (!started || delivering) return;
    clearTimeout(timer ?? undefined);
    const nextMs = store.hooks.nextDueMs();
    if (nextMs !== null) timer = setTimeout(() => void deliverDue(), Math.min(MAX_SLEEP_MS, Math.max(0, nextMs - now())));
  };
  const deliverDue = async (): Promise<void> => {
    delivering = true;
    try {
      await Promise.all(store.hooks.due(now()).map(deliver));
    } catch (error) {
      log.error({ err: error }, "delivering to hooks failed");
    }
    delivering = false;
    schedule();
  };
  const deliver = async (delivery: DeliveryRecord): Promise<void> => {
    const hook = store.hooks.hook(delivery.hook);
    if (hook === null) return;
    const answer = await post(hook.url, delivery, store.hooks.secret(hook.id));
    if (!started) return;
    const delayMs = RETRY_DELAYS_MS[delivery.attempts];
    store.hooks.noteAttempt(delivery.id, answer.text, answer.arrived || delayMs === undefined ? null : now() + delayMs);
  };
  const emit = (app: AppName, topic: HookTopic, event: string, body: object): void => {
    for (const hook of store.hooks.hooks(app)) {
      if (hook.topics.includes(topic))
        store.hooks.addDelivery(hook.id, event, JSON.stringify({ event, ...body, at: new Date(now()).toISOString() }), now());
    }
    schedule();
  };
  const url = (environment: EnvironmentName): string | null => {
    const record = store.apps.environment(environment);
    return record === null ? null : environmentUrl(settings, record);
  };

  return {
    deployment({ id, app, environment, kind, state, commit, description, by, release, reason }) {
      emit(app, "deploy", `deploy.${state}`, {
        app,
        environment,
        url: url(environment),
        deployment: id,
        kind,
        commit,
        description,
        by,
        release,
        reason,
      });
    },
    environment(what, environment) {
      emit(environment.app, "env", `env.${what}`, {
        app: environment.app,
        environment: environment.name,
        branch: environment.branch,
        url: environmentUrl(settings, environment),
      });
    },
    start() {
      started = true;
      schedule();
    },
    close() {
      started = false;
      clearTimeout(timer ?? undefined);
    },
  };
}

interface Answer {
  readonly arrived: boolean;
  readonly text: string;
}

/** X-Pushboat-Signature: `sha256=` and the HMAC-SHA256 of the body, hex, as GitHub signs (X-Hub-Signature-256). */
async function post(url: string, delivery: DeliveryRecord, secret: string): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        "content-type": "application/json",
        "user-agent": "Pushboat",
        "x-pushboat-event": delivery.event,
        "x-pushboat-delivery": String(delivery.id),
        "x-pushboat-signature": sign(delivery.body, secret),
      },
      body: delivery.body,
    });
    await response.body?.cancel();
    return { arrived: response.ok, text: `${response.status} ${response.statusText}`.trim() };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code;
    return { arrived: false, text: cause ?? (error as Error).message };
  }
}

export function sign(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
