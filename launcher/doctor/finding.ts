/** What `doctor` says of one thing that it looked at. */

/** well: nothing to do. warning: works, and will hurt. trouble: does not work. unknown: could not be looked at, with the reason. */
export type Level = "well" | "warning" | "trouble" | "unknown";

export interface Finding {
  /** What was looked at, two or three words. */
  readonly check: string;
  readonly level: Level;
  /** What was seen, with figures. */
  readonly seen: string;
  /** Why it matters; for everything that is not well. */
  readonly why?: string;
  /** The command or the step that mends it. */
  readonly mend?: string;
  /** For `--fix`: mends it without a question, because nothing can be lost by it. */
  readonly repair?: () => Promise<void>;
}

export type Check = () => Promise<readonly Finding[]>;

export function well(check: string, seen: string): Finding {
  return { check, level: "well", seen };
}

/** A check that fails to look is a finding too, never the end of the others. */
export async function runChecks(checks: Readonly<Record<string, Check>>): Promise<readonly Finding[]> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return await check();
      } catch (thrown) {
        return [{ check: name, level: "unknown" as const, seen: `could not be looked at: ${(thrown as Error).message}` }];
      }
    }),
  );
  return found.flat();
}
