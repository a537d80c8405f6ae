/** Health checks that go on after an instance went live: what is asked, how often, and what follows from the answers. Pure. */

export type HealthProbe =
  /** null: the port that web is routed to. */
  | { readonly kind: "tcp"; readonly port: number | null }
  | {
      readonly kind: "http";
      readonly port: number | null;
      readonly path: string;
      /** Empty: 2xx and 3xx. */
      readonly statuses: readonly number[];
      readonly headers: Readonly<Record<string, string>>;
      /** The body must hold this text. */
      readonly content: string | null;
    }
  /** Runs inside the container as the app's user; 0 is well. */
  | { readonly kind: "command"; readonly form: "shell" | "exec"; readonly command: readonly string[] };

export interface HealthCheck {
  readonly probe: HealthProbe;
  /** This many failures in a row before anything is done. */
  readonly attempts: number;
  readonly timeoutMs: number;
  /** Between the end of one and the begin of the next. */
  readonly waitMs: number;
}

/** Dokku's three types. Several of a type: all must be well. */
export interface HealthRules {
  readonly startup: readonly HealthCheck[];
  /** Failing: it gets no requests until it is well again. */
  readonly readiness: readonly HealthCheck[];
  /** Failing: it is ended and replaced. */
  readonly liveness: readonly HealthCheck[];
}

export const NO_HEALTH_RULES: HealthRules = { startup: [], readiness: [], liveness: [] };

/** Dokku's: attempts 3, timeout 5 s, wait 5 s. */
export const HEALTH_DEFAULTS = { attempts: 3, timeoutMs: 5_000, waitMs: 5_000 } as const;

export type ProbeAnswer = { readonly well: true } | { readonly well: false; readonly seen: string };

export interface HealthHistory {
  readonly kind: "readiness" | "liveness";
  readonly check: Pick<HealthCheck, "probe" | "attempts">;
  /** It gets requests now (state up, not unready). */
  readonly inRotation: boolean;
  /** Failures in a row before this answer. */
  readonly failures: number;
}

export interface HealthDecision {
  readonly failures: number;
  /** `leave` and `return`: the rotation. `end`: it is replaced. */
  readonly action: "none" | "leave" | "return" | "end";
  readonly reason: string | null;
}

export function decideHealth({ kind, check, inRotation, failures }: HealthHistory, answer: ProbeAnswer): HealthDecision {
  if (answer.well) return { failures: 0, action: kind === "readiness" && !inRotation ? "return" : "none", reason: null };
  const failed = failures + 1;
  const reason = `${kind} check failed ${failed === 1 ? "once" : `${failed} times`}: ${probeName(check.probe)} ${answer.seen}`;
  if (failed < check.attempts) return { failures: failed, action: "none", reason };
  if (kind === "liveness") return { failures: failed, action: "end", reason };
  return { failures: failed, action: inRotation ? "leave" : "none", reason };
}

/** `GET /health`, `TCP port 6379`, `bin/check` */
export function probeName(probe: HealthProbe): string {
  switch (probe.kind) {
    case "tcp":
      return probe.port === null ? "TCP on $PORT" : `TCP port ${probe.port}`;
    case "http":
      return `GET ${probe.port === null ? "" : `:${probe.port}`}${probe.path}`;
    case "command":
      return probe.command.join(" ");
  }
}
