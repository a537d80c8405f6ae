/** ps:stats: what each instance uses, now or on and on. */
import { setTimeout as sleep } from "node:timers/promises";
import { formatBytes, type InstanceUsage } from "../../core/index.ts";
import { type EnvironmentCommand, result, type Session } from "../command.ts";
import { heading, table } from "../table.ts";

/** The processor's share needs two looks. */
const FIRST_LOOK_MS = 500;
const FOLLOW_EVERY_MS = 2_000;

export const psStats: EnvironmentCommand = {
  name: "ps:stats",
  summary: "Show what each instance uses: processor, memory, disk, network",
  details:
    "cpu: percent of one core, since the last look. mem: without what the kernel can take back. io: of block devices; net: of the container's\n" +
    "interface; both since the instance's start.",
  target: "environment",
  words: [],
  options: [{ flags: "-f, --follow", description: "again every 2 s, until ^C; with --json one line for each look" }],
  examples: ["ps:stats blog", "ps:stats blog --json"],
  json: "[{name, state, cpuPercent, cpuMs, memoryBytes, memoryLimitBytes, processes, readBytes, writtenBytes, receivedBytes, sentBytes, restarts}]",
  prepare: ({ target, flag }) => {
    const [follow, json] = [flag("follow"), flag("json")];
    return async (session) => {
      let before = await look(session, target);
      await pause(session, FIRST_LOOK_MS);
      for (;;) {
        const now = await look(session, target);
        const stats = now.usage.map((one) => withShare(one, before, now.atMs));
        if (!follow) return result(stats, [heading(`${target.name} Usage`), ...table([HEAD, ...stats.map(row)])]);
        if (session.request.disconnected.aborted || session.actor.disconnected.aborted) return result(undefined);
        await session.output.result(json ? `${JSON.stringify(stats)}\n` : `${table([HEAD, ...stats.map(row)]).join("\n")}\n\n`);
        before = now;
        await pause(session, FOLLOW_EVERY_MS);
      }
    };
  },
};

interface Look {
  readonly atMs: number;
  readonly usage: readonly InstanceUsage[];
}

async function look({ control }: Session, target: Parameters<Session["control"]["usage"]>[0]): Promise<Look> {
  const usage = await control.usage(target);
  return { atMs: performance.now(), usage };
}

async function pause({ actor }: Session, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: actor.disconnected }).catch(() => {}); // gone: the next look sees that
}

interface Shown extends Omit<InstanceUsage, "id"> {
  /** Of one core; null: it is new. */
  readonly cpuPercent: number | null;
}

function withShare({ id, ...now }: InstanceUsage, before: Look, atMs: number): Shown {
  const known = before.usage.find((one) => one.id === id);
  const share = known === undefined ? null : ((now.cpuMs - known.cpuMs) / (atMs - before.atMs)) * 100;
  return { ...now, cpuMs: Math.round(now.cpuMs), cpuPercent: share === null ? null : Math.round(share * 10) / 10 };
}

const HEAD = ["", "state", "cpu", "mem", "limit", "procs", "io read", "io written", "net in", "net out", "restarts"];

function row(one: Shown): readonly string[] {
  return [
    one.name,
    one.state,
    one.cpuPercent === null ? "new" : `${one.cpuPercent} %`,
    formatBytes(one.memoryBytes),
    formatBytes(one.memoryLimitBytes),
    String(one.processes),
    amount(one.readBytes),
    amount(one.writtenBytes),
    amount(one.receivedBytes),
    amount(one.sentBytes),
    String(one.restarts),
  ];
}

function amount(bytes: number): string {
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} kB` : formatBytes(bytes);
}
