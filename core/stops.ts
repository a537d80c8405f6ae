/** What ps:stop stopped: process types (`worker`) and single instances (`web.2`). It stays so until ps:start, over deploys too. Pure. */
import { PushboatError } from "./errors.ts";

export type Quantities = Readonly<Record<string, number>>;

/** Which of a type's instances do not run though the formation has them. */
export function stoppedIndexes(stops: readonly string[], type: string, quantity: number): readonly number[] {
  const all = Array.from({ length: quantity }, (_, at) => at + 1);
  return stops.includes(type) ? all : all.filter((index) => stops.includes(`${type}.${index}`));
}

/** Nothing of it runs, and its owner wants that. */
export function allStopped(stops: readonly string[], formation: Quantities): boolean {
  const wanted = Object.entries(formation).filter(([, quantity]) => quantity > 0);
  return stops.length > 0 && wanted.every(([type, quantity]) => stoppedIndexes(stops, type, quantity).length === quantity);
}

/** name null: everything. Throws where the formation has nothing of that name. */
export function withStopped(stops: readonly string[], name: string | null, formation: Quantities): readonly string[] {
  if (name === null) return Object.keys(formation).sort();
  const { type, index } = requireKnown(name, formation);
  if (stops.includes(type)) return stops;
  return [...stops.filter((one) => one !== name && (index !== null || !isInstanceOf(one, type))), name].sort();
}

export function withStarted(stops: readonly string[], name: string | null, formation: Quantities): readonly string[] {
  if (name === null) return [];
  const { type, index } = requireKnown(name, formation);
  if (index === null) return stops.filter((one) => one !== type && !isInstanceOf(one, type));
  const others = stoppedIndexes(stops, type, formation[type] ?? 0).filter((one) => one !== index);
  return [...stops.filter((one) => one !== type && !isInstanceOf(one, type)), ...others.map((one) => `${type}.${one}`)].sort();
}

function requireKnown(name: string, formation: Quantities): { readonly type: string; readonly index: number | null } {
  const [, type = name, digits] = /^(.*)\.(\d{1,9})$/.exec(name) ?? [];
  const index = digits === undefined ? null : Number(digits);
  const quantity = formation[type];
  if (quantity !== undefined && (index === null || (index >= 1 && index <= quantity))) return { type, index };
  const known = Object.entries(formation).map(([one, count]) => `${one} (${count})`);
  throw new PushboatError({
    code: "instance/unknown",
    message: `there is no ${name} in the formation`,
    hint: known.length === 0 ? "Push first." : `There are: ${known.join(", ")}. Give a type, or an instance: web, web.1.`,
  });
}

function isInstanceOf(name: string, type: string): boolean {
  return name.startsWith(`${type}.`) && /^\d+$/.test(name.slice(type.length + 1));
}
