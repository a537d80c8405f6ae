/** ps: process types and their instances. */
import type { Formation } from "../../control/index.ts";
import { formatBytes, type InstanceSize, printable, type ShownInstance } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { heading, shortened } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const ps: EnvironmentCommand = {
  name: "ps",
  aliases: ["ps:list"],
  summary: "Show the instances of an environment",
  target: "environment",
  words: [],
  examples: ["ps blog", "ps blog@feature-x --json"],
  json: '[{type, index, state, release, address: "IP:PORT", memoryBytes, restarts, since, reason}]',
  prepare:
    ({ target }) =>
    async ({ control, progress, nowMs }) => {
      const [formation, instances] = await Promise.all([control.formation(target), control.instances(target)]);
      if (formation.length === 0 && instances.length === 0) progress.note(`Nothing is deployed on ${target.name} yet.`);
      const sorted = instances.toSorted((a, b) => a.type.localeCompare(b.type) || a.index - b.index);
      return result(sorted.map(instanceJson), psLines(formation, sorted, nowMs));
    },
};

function psLines(formation: readonly Formation[], instances: readonly ShownInstance[], nowMs: number): readonly string[] {
  const known = new Set<string>(formation.map(({ type }) => type));
  const oneOffs = instances.filter(({ oneOff }) => oneOff !== undefined);
  const gone = [...new Set(instances.flatMap(({ type, oneOff }) => (oneOff === undefined ? [type] : [])))].filter(
    (type) => !known.has(type),
  );
  const headings = [
    ...formation.map(({ type, quantity, command, size, usual }) => ({
      type,
      title: `${type}: ${command} (${quantity}${sizeNote(size, usual)})`,
    })),
    ...gone.map((type) => ({ type, title: `${type}: of an earlier release` })),
  ];
  const sections = headings.map(({ type, title }) => ({
    title,
    instances: instances.filter((instance) => instance.type === type && instance.oneOff === undefined),
  }));
  if (oneOffs.length > 0) sections.push({ title: "one-off processes", instances: oneOffs });
  return sections.flatMap((section, place) => [
    ...(place === 0 ? [] : [""]),
    heading(section.title),
    ...section.instances.map((instance) => instanceLine(instance, nowMs)),
  ]);
}

/** ` of 1 GB, 2 cores`; nothing where it is the usual size. */
function sizeNote(size: InstanceSize, usual: InstanceSize): string {
  const parts = [
    ...(size.memoryBytes === usual.memoryBytes ? [] : [formatBytes(size.memoryBytes)]),
    ...(size.swapBytes === usual.swapBytes ? [] : [`${formatBytes(size.swapBytes)} swap`]),
    ...(size.cpus === null ? [] : [`${size.cpus} ${size.cpus === 1 ? "core" : "cores"}`]),
    ...(size.cpuShares === usual.cpuShares ? [] : [`${size.cpuShares} cpu shares`]),
    ...(size.pids === usual.pids ? [] : [`${size.pids} processes`]),
    ...(size.openFiles === usual.openFiles ? [] : [`${size.openFiles} open files`]),
    ...(size.diskBytes === usual.diskBytes ? [] : [`${formatBytes(size.diskBytes)} disk`]),
  ];
  return parts.length === 0 ? "" : ` of ${parts.join(", ")}`;
}

/** `web.1: up 2026/08/01 10:00:00 +0000 (~ 5m ago)` */
function instanceLine({ type, index, state, sinceMs, reason, restarts, oneOff = "" }: ShownInstance, nowMs: number): string {
  const notes = [
    ...(oneOff === "" ? [] : [shortened(printable(oneOff))]),
    ...(reason === null ? [] : [reason]),
    ...(restarts === 0 ? [] : [`${restarts} ${restarts === 1 ? "restart" : "restarts"}`]),
  ];
  return `${type}.${index}: ${state} ${when(sinceMs, nowMs)}${notes.length === 0 ? "" : ` ${notes.join(", ")}`}`;
}

function instanceJson({ type, index, state, release, address, memoryBytes, restarts, sinceMs, reason }: ShownInstance): unknown {
  const ipAndPort = address === null ? null : `${address.ip}:${address.port}`;
  return { type, index, state, release, address: ipAndPort, memoryBytes, restarts, since: isoTime(sinceMs), reason };
}
