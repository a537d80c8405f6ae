/** The formation: how many instances of each process type, and the words that change it (`web=3`, `worker+1`). */
import { PushboatError } from "./errors.ts";
import { type ProcessType, parseProcessType, quote } from "./names.ts";

/** As the user wrote it. Sizes belong to a later version. */
export interface ScaleChange {
  readonly type: ProcessType;
  readonly operator: "=" | "+" | "-";
  readonly count: number;
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
      hint: "Write TYPE=COUNT, TYPE+COUNT or TYPE-COUNT: web=3 worker+1",
    });
  }
  if (match[3] !== undefined) {
    throw new PushboatError({
      code: "scale/size",
      message: `${quote(text)} asks for a size; sizes come in a later version`,
      hint: `Every instance has 512 MB for now: ${match[1]}${change}`,
    });
  }
  const count = Number(change.slice(1));
  if (count > MAX_INSTANCES_PER_TYPE) throw tooMany(match[1], count);
  return { type: parseProcessType(match[1]), operator: change[0] as ScaleChange["operator"], count };
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

function tooMany(type: string, count: number): PushboatError {
  return new PushboatError({
    code: "scale/too-many",
    message: `${count} instances of ${quote(type)} are more than one machine should run`,
    hint: `At most ${MAX_INSTANCES_PER_TYPE} of one type.`,
  });
}
