/** Events as the lines people read: Heroku's buildpack style, `-----> ` headings, 7 spaces of detail, ` !     ` for errors. */
import type { PushboatError } from "./errors.ts";
import type { DeployEvent } from "./events.ts";

/** One event as whole lines, without newlines at their ends; empty where there is nothing to show. */
export function renderEvent(event: DeployEvent): readonly string[] {
  switch (event.kind) {
    case "phase-started":
      return [`-----> ${event.title}`];
    case "phase-finished":
      return event.durationMs >= 1000 ? [`       done in ${duration(event.durationMs)}`] : [];
    case "detail":
      return [`       ${event.text}`];
    case "warning":
      return [` !     ${event.text}`];
    case "failed":
      return renderError(event);
    case "output":
      return [`       ${event.text}`];
    case "layer":
      return [`       ${event.title}: ${layerOutcome(event)}`];
  }
}

function layerOutcome({ reused, rebuilt, reason, durationMs }: DeployEvent & { kind: "layer" }): string {
  if (reused) return `reused (${reason})`;
  return rebuilt ? `rebuilt: ${reason} (${duration(durationMs)})` : `built in ${duration(durationMs)} (${reason})`;
}

/** An error as lines: what was seen, then what to do. Control characters (a message may carry what a user sent) show as escapes. */
export function renderError(error: Pick<PushboatError, "code" | "message" | "hint">): readonly string[] {
  const lines = [` !     ${printable(error.message)}  [${error.code}]`];
  for (const line of error.hint?.split("\n") ?? []) lines.push(` !     ${printable(line)}`);
  return lines;
}

/** Text for one line of a terminal: control and direction characters as escapes (`\n`, `\u001b`), the rest as it is. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    const short = SHORT_ESCAPES[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** `87 ms`, `1.2 s`, `3 min 20 s`, `12 h`, `5 days`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 2 * DAY_MS - 1) return `${Math.round(ms / DAY_MS)} days`;
  if (ms >= 2 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
