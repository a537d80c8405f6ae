/** The formation: how many instances of each process type, and the words that change it (`web=3`, `worker+1`). */
import { PushboatError } from "./errors.ts";
import { type ProcessType, parseProcessType, quote } from "./names.ts";
import { parseScaleSize } from "./size.ts";

/** As the user wrote it. */
export interface ScaleChange {
  readonly type: ProcessType;
  readonly operator: "=" | "+" | "-";
  readonly count: number;
  /** null: back to what the app's files say, or the default; undefined: nothing was said. */
  readonly memoryBytes?: number | null;
}

/** More is a slip of the finger on one machine: 100 Node instances are about 5 GB. */
export const MAX_INSTANCES_PER_TYPE = 100;

/** Heroku's grammar. */
export function parseScaleChange(text: string): ScaleChange {
  const match = /^([\w-]+)([=+-]\d+)(?::([\w.-]+))?$/.exec(text);
  const change = match?.[2];
  if (match?.[1] === undefined || change === undefined) {
    throw new PushboatError({
      code: "scale/grammar",
      message: `${quote(text)} does not say how to scale`,
      hint: "Write TYPE=COUNT, TYPE+COUNT or TYPE-COUNT, and behind a colon the size of each: web=3 worker+1 web=2:1gb",
    });
  }
  const count = Number(change.slice(1));
  if (count > MAX_INSTANCES_PER_TYPE) throw tooMany(match[1], count);
  return {
    type: parseProcessType(match[1]),
    operator: change[0] as ScaleChange["operator"],
    count,
    ...(match[3] === undefined ? {} : { memoryBytes: parseScaleSize(match[3]) }),
  };
}

/** Quantities after the changes, from left to right. Throws for a type that is not there or a count out of range. */
export function applyScale(
  quantities: Readonly<Record<ProcessType, number>>,
  changes: readonly ScaleChange[],
): Readonly<Record<ProcessType, number>> {
  const next = new Map(Object.entries(quantities));
  for (const { type, operator, count } of changes) {
    const before = next.get(type);
    if (before === undefined) {
      throw new PushboatError({
        code: "scale/unknown-type",
        message: `There is no process type ${quote(type)}`,
        hint: `Process types of this release: ${[...next.keys()].join(", ") || "none"}`,
      });
    }
    const after = operator === "=" ? count : operator === "+" ? before + count : before - count;
    if (after < 0) {
      throw new PushboatError({
        code: "scale/below-zero",
        message: `${type}-${count} would leave ${after} instances; ${before} ${before === 1 ? "is" : "are"} asked for now`,
        hint: `To stop all of them: ${type}=0`,
      });
    }
    if (after > MAX_INSTANCES_PER_TYPE) throw tooMany(type, after);
    next.set(type, after);
  }
  return Object.fromEntries(next) as Record<ProcessType, number>;
}

/** `web=2`, `web=2:1024mb`, `web=2:default` */
export function scaleWord({ type, operator, count, memoryBytes }: ScaleChange): string {
  const size = memoryBytes === undefined ? "" : `:${memoryBytes === null ? "default" : `${Math.round(memoryBytes / 1024 ** 2)}mb`}`;
  return `${type}${operator}${count}${size}`;
}

/** Memory that was asked for by hand, of each type, after the changes. */
export function applySizes(sizes: Readonly<Record<string, number>>, changes: readonly ScaleChange[]): Readonly<Record<string, number>> {
  const next = new Map(Object.entries(sizes));
  for (const { type, memoryBytes } of changes) {
    if (memoryBytes === null) next.delete(type);
    else if (memoryBytes !== undefined) next.set(type, memoryBytes);
  }
  return Object.fromEntries(next);
}

function tooMany(type: string, count: number): PushboatError {
  return new PushboatError({
    code: "scale/too-many",
    message: `${count} instances of ${quote(type)} are more than one machine should run`,
    hint: `At most ${MAX_INSTANCES_PER_TYPE} of one type.`,
  });
}
