/** SQLite that cannot write, as an error that says so: a full disk, an I/O error, a file that is read-only or locked. */
import { PushboatError } from "../../core/index.ts";

/** Primary result codes (sqlite.org/rescode.html): BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN. Others, as a broken constraint, are defects of ours. */
const UNWRITABLE = new Set([5, 6, 8, 10, 13, 14]);

/** Runs the work; where the state could not be written it may work later, and nothing of it is done. */
export function writing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isSqliteError(error) || !UNWRITABLE.has(error.errcode & 0xff)) throw error;
    throw new PushboatError({
      code: "state/unwritable",
      message: `the state cannot be written: ${error.message}`,
      hint: "Nothing was changed, what runs serves on. Is the server's disk full, read-only or failing? `df`, `dmesg` tell; then try again.",
      kind: "platform",
      cause: error,
    });
  }
}

function isSqliteError(error: unknown): error is Error & { readonly errcode: number } {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number";
}
