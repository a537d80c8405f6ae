/** Memory that is promised to instances: refused where the machine has less, since what was promised and is not there kills somebody else's app. */
import { type EnvironmentName, formatBytes, PushboatError } from "../core/index.ts";
import type { Candidate } from "./candidate.ts";
import type { Deps } from "./deps.ts";
import { currentManifest } from "./environment-config.ts";
import { type SizeSources, sizeOf } from "./sizes.ts";
import type { EnvironmentRecord } from "./store/index.ts";
import { quantityOf } from "./workload.ts";

/** Branch environments together may be promised this part of the machine: production needs the rest. */
export const BRANCH_MEMORY_SHARE = 0.6;

export interface Promised {
  readonly name: EnvironmentName;
  readonly branch: EnvironmentRecord["branch"];
  readonly bytes: number;
}

/** An environment that is stopped for want of visitors is promised nothing: waking it is never refused. */
export function promisedBytes(deps: Pick<Deps, "store" | "settings">, environment: EnvironmentRecord): number {
  const { releases } = deps.store;
  if (environment.currentRelease === null || environment.asleep) return 0;
  const sources = { manifest: currentManifest(deps, environment), sizes: releases.sizes(environment.name) };
  return memoryOf(deps, environment, releases.formation(environment.name), sources);
}

/** A change that takes no more than the environment has already is never refused. */
export function requireMemory(deps: Pick<Deps, "store" | "settings">, candidate: Candidate): void {
  if (candidate.operation.payload.force === true) return;
  const { environment, formation } = candidate;
  const wanted = memoryOf(deps, environment, formation, candidate);
  if (wanted <= promisedBytes({ ...deps }, { ...environment, asleep: false })) return;
  const others = deps.store.apps
    .environments()
    .filter(({ name, ending }) => name !== environment.name && !ending)
    .map((other): Promised => ({ name: other.name, branch: other.branch, bytes: promisedBytes(deps, other) }));
  const refusal = judgeMemory({ name: environment.name, branch: environment.branch, bytes: wanted }, others, deps.settings.memoryBytes);
  if (refusal !== null) throw refusal;
}

/** Pure: null, or why not. */
export function judgeMemory(wanted: Promised, others: readonly Promised[], machineBytes: number): PushboatError | null {
  const sum = (list: readonly Promised[]): number => list.reduce((total, { bytes }) => total + bytes, 0);
  if (wanted.bytes + sum(others) > machineBytes)
    return tooMuch(wanted, others, `instances on this machine, which has ${formatBytes(machineBytes)}`);
  const branches = others.filter(({ branch }) => branch !== null);
  const share = machineBytes * BRANCH_MEMORY_SHARE;
  if (wanted.branch === null || wanted.bytes + sum(branches) <= share) return null;
  return tooMuch(wanted, branches, `branch environments, which may have ${formatBytes(share)} of this machine together`);
}

const SHOWN = 8;

function tooMuch(wanted: Promised, others: readonly Promised[], whose: string): PushboatError {
  const total = wanted.bytes + others.reduce((sum, { bytes }) => sum + bytes, 0);
  const holders = others.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const rest = holders.slice(SHOWN);
  return new PushboatError({
    code: "scale/memory",
    message: `${wanted.name} would be promised ${formatBytes(wanted.bytes)}: with the others' that is ${formatBytes(total)} for ${whose}`,
    hint: [
      ...(holders.length === 0 ? [] : ["Promised now:"]),
      ...holders.slice(0, SHOWN).map(({ name, bytes }) => `  ${name}: ${formatBytes(bytes)}`),
      ...(rest.length === 0 ? [] : [`  and ${rest.length} more: ${formatBytes(rest.reduce((sum, { bytes }) => sum + bytes, 0))}`]),
      `Ask for less (ps:scale ${wanted.name} web=1:256mb), scale others down, or take the risk: ps:scale --force, git push -o force`,
    ].join("\n"),
  });
}

function memoryOf(
  { settings }: Pick<Deps, "settings">,
  environment: EnvironmentRecord,
  formation: Readonly<Record<string, number>>,
  sources: SizeSources,
): number {
  return Object.keys({ web: 0, ...formation }).reduce(
    (sum, type) => sum + quantityOf(type, formation) * sizeOf(settings, environment, type, sources).memoryBytes,
    0,
  );
}
