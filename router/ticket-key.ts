/** What TLS session tickets are sealed with: one for all routers of the platform, on tmpfs only, another one twice a day. */
import { randomBytes } from "node:crypto";
import { chown, open, readFile, rename, stat } from "node:fs/promises";

/** The same in every router, so that one takes what another one gave. */
export const SESSION_CONTEXT = "pushboat";
/** As `tls.Server` wants it: name, HMAC key, AES key. */
const KEY_BYTES = 48;
/** Whoever steals it reads TLS 1.2 sessions of no more than this, and of the tickets' life. */
export const KEY_LIFE_MS = 12 * 3_600_000;

/** A new one where there is none or it is too old. A client with a ticket of before makes one whole handshake. */
export async function keepTicketKey(path: string, groupId: number | null, nowMs: number): Promise<void> {
  const known = await stat(path).catch(() => null);
  if (known !== null && nowMs - known.mtimeMs < KEY_LIFE_MS) return;
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o640);
  try {
    await file.writeFile(randomBytes(KEY_BYTES));
    await file.chmod(0o640);
  } finally {
    await file.close();
  }
  if (groupId !== null) await chown(temporary, process.getuid?.() ?? 0, groupId);
  await rename(temporary, path);
}

/** null: there is none, or it is none: sessions are resumed by this router alone then. */
export async function readTicketKey(path: string): Promise<Buffer | null> {
  const bytes = await readFile(path).catch(() => null);
  return bytes?.length === KEY_BYTES ? bytes : null;
}
