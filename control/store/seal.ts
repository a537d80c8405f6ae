/** Config at rest: AES-256-GCM with the key in the file beside the database (0600). */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { PushboatError } from "../../core/index.ts";

export interface Seal {
  /** nonce (12) | tag (16) | ciphertext of the value's JSON. context is authenticated: a value cannot be moved to another place. */
  seal(value: unknown, context: string): Uint8Array;
  /** A key of its own for another purpose (HMAC-SHA-256), hex: always the same for the same purpose. */
  derive(purpose: string): string;
  open<T>(sealed: Uint8Array, context: string): T;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function openSeal(keyFile: string): Seal {
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx", flush: true });
  const key = readFileSync(keyFile);
  if (key.length !== KEY_BYTES) {
    throw new PushboatError({
      code: "state/key",
      message: `the key in ${keyFile} has ${key.length} bytes, ${KEY_BYTES} are needed`,
      hint: "Restore the key file from a backup: without it the config cannot be read.",
      kind: "platform",
    });
  }
  return {
    seal(value, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    derive: (purpose) => createHmac("sha256", key).update(purpose).digest("hex"),
    open(sealed, context) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(text.toString("utf8"));
    },
  };
}
