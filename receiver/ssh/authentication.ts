/** Public keys only, user `pushboat` only. An identity is bound after the signature was verified, never at the probe before it. */
import { createHash } from "node:crypto";
import type { AuthContext, PublicKeyAuthContext } from "ssh2";
import type { Credentials, Identity } from "../../core/index.ts";
import { ssh2 } from "../fenced/ssh2.ts";

export const SSH_USER = "pushboat";

/** `none` and each key that is probed count; OpenSSH's own limit of 6 turns away people with a full agent. */
const MAX_ATTEMPTS = 20;

export type Verdict =
  | { readonly kind: "accept"; readonly identity: Identity }
  /** The key is known: the client may sign with it. */
  | { readonly kind: "sign" }
  | { readonly kind: "reject" }
  | { readonly kind: "wrong-user" }
  | { readonly kind: "too-many" };

export interface Authenticator {
  judge(context: AuthContext): Promise<Verdict>;
}

export function createAuthenticator({ credentials, from }: { readonly credentials: Credentials; readonly from: string }): Authenticator {
  let attempts = 0;
  return {
    judge: async (context) => {
      attempts += 1;
      if (attempts > MAX_ATTEMPTS) return { kind: "too-many" };
      if (context.username !== SSH_USER) return { kind: "wrong-user" };
      if (context.method !== "publickey") return { kind: "reject" };
      const identity = await credentials.byKeyFingerprint(fingerprint(context.key.data), from);
      if (identity === null) return { kind: "reject" };
      if (context.signature === undefined) return { kind: "sign" };
      return isSigned(context) ? { kind: "accept", identity } : { kind: "reject" };
    },
  };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprint(publicKey: Buffer): string {
  return `SHA256:${createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "")}`;
}

function isSigned({ key, blob, signature, hashAlgo }: PublicKeyAuthContext): boolean {
  if (blob === undefined || signature === undefined) return false;
  const parsed = ssh2.utils.parseKey(key.data);
  if (parsed instanceof Error || parsed.isPrivateKey()) return false;
  // ssh-rsa without a hash is SHA-1.
  if (parsed.type === "ssh-rsa" && hashAlgo === undefined) return false;
  return parsed.verify(blob, signature, hashAlgo) === true;
}
