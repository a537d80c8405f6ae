/** logs: what the instances, the router and Pushboat wrote, line by line. */
import type { LogLine } from "../../core/index.ts";
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";
import { parseSpanMs } from "../when.ts";

/** Heroku's default. */
const DEFAULT_LINES = 100;

export const logs: EnvironmentCommand = {
  name: "logs",
  summary: "Show the log of an environment",
  target: "environment",
  words: [],
  options: [
    { flags: "-n, --num N", description: `the last N lines (default ${DEFAULT_LINES}; all with --since)` },
    { flags: "-t, --tail", description: "go on as lines come, until ^C" },
    { flags: "-p, --ps NAME", description: "only of one process type or instance: web, web.1" },
    { flags: "--since SPAN", description: "only the last 30s, 10m, 2h, 7d" },
  ],
  examples: ["logs blog", "logs blog -t -p web", "logs blog --since 10m"],
  json: "{time, source, text}  (one on each line)",
  prepare: ({ target, flag, value }) => {
    const since = value("since");
    const sinceMs = since === null ? null : parseSpanMs(since);
    const count = value("num");
    const lines =
      count !== null ? parseCount(count, { what: "--num", least: 0, most: 1_000_000 }) : sinceMs === null ? DEFAULT_LINES : null;
    const process = value("ps") === null ? null : parseProcess(value("ps") ?? "");
    const [follow, json] = [flag("tail"), flag("json")];
    return async ({ control, actor, output, nowMs }) => {
      const earliestMs = sinceMs === null ? Number.NEGATIVE_INFINITY : nowMs - sinceMs;
      for await (const line of control.logs(target, { lines, process, follow, signal: actor.disconnected })) {
        if (Date.parse(line.time) < earliestMs) continue;
        await output.result(json ? `${JSON.stringify(logLineJson(line))}\n` : `${line.time} ${line.source}: ${line.text}\n`);
      }
      return result(undefined);
    };
  },
};

function parseProcess(text: string): string {
  if (!/^[a-z0-9_-]{1,63}(\.\d{1,9})?$/.test(text)) {
    throw new PushboatError({
      code: "usage/process",
      message: `--ps is ${quote(text)}`,
      hint: "Give a process type or an instance: web, web.1",
    });
  }
  return text;
}

function logLineJson({ time, source, text }: LogLine): unknown {
  return { time, source, text };
}
