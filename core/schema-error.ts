/** What zod found wrong, in the words of a user: `pushboat.yml: build/root: must be ...` (kamal's form: the path first). */
import type { z } from "zod";
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";

/** The value, or an error of this code that lists each fault with its path. */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, file: string, code: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .slice(0, 5)
    .map((issue) => `${[...issue.path.map(String), ""].join("/").slice(0, -1) || "the file"}: ${wording(issue)}`);
  throw new PushboatError({
    code,
    message: `${file}: ${faults[0]}`,
    hint: [...faults.slice(1), `Mend ${file}, commit and push again.`].join("\n"),
  });
}

function wording(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `${issue.keys.map(quote).join(", ")} is not known here`;
  return issue.message.replace(/^Invalid input: /, "");
}
