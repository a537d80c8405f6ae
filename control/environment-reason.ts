/** Why an environment is not as well as it could be, in one line. Pure. */
import type { Instance } from "../core/index.ts";

type Seen = Pick<Instance, "type" | "index" | "state" | "reason" | "restarts">;

/** `web.1 exited with code 3, 6 restarts; web.2 readiness check failed 2 times: GET /ready answers 500`; null: nothing to say. */
export function environmentReason(instances: readonly Seen[]): string | null {
  const told = instances.filter(({ reason, state }) => reason !== null && state !== "stopping" && state !== "down");
  if (told.length === 0) return null;
  const lines = told.slice(0, SHOWN).map(({ type, index, reason, restarts }) => {
    const again = restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"}`;
    return `${type}.${index} ${reason}${again}`;
  });
  return [...lines, ...(told.length > SHOWN ? [`and ${told.length - SHOWN} more`] : [])].join("; ");
}

const SHOWN = 3;
