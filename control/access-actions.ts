/** Keys and tokens: who may come in, and the credentials check of the front door. */
import { createHash, randomBytes } from "node:crypto";
import { type Credentials, type Identity, type KeyName, PushboatError, parseKeyName, quote } from "../core/index.ts";
import type { Control, Rights } from "./api.ts";
import type { Deps } from "./deps.ts";

type AccessActions = Pick<Control, "audit" | "addKey" | "keys" | "removeKey" | "createToken" | "tokens" | "removeToken">;

/** Prefix that secret scanners can look for. */
const TOKEN_PREFIX = "pbt_";
const TOKEN_BYTES = 24;
const KEY_TYPES = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

export function createAccessActions({ store, now }: Pick<Deps, "store" | "now">): AccessActions {
  return {
    async addKey(name, publicKey, rights, actor) {
      checkRights({ store }, rights);
      const { fingerprint, line } = parsePublicKey(publicKey);
      const same = store.access.keyByFingerprint(fingerprint);
      if (same !== null)
        throw new PushboatError({ code: "keys/exists", message: `this key is here already, as ${same.name}`, hint: "See `keys`." });
      if (store.access.key(name) !== null) {
        throw new PushboatError({
          code: "keys/name-taken",
          message: `there is a key called ${name} already`,
          hint: `Choose another name, or \`keys:remove ${name}\` first.`,
        });
      }
      const createdMs = now();
      store.access.addKey({ name, fingerprint, publicKey: line, createdMs, ...rights });
      store.access.audit(actor.identity, "keys:add", `${name} ${fingerprint}`, createdMs);
      return { name, fingerprint, createdMs, ...rights };
    },
    async audit(app, limit) {
      return store.access.auditTrail(app, limit);
    },
    keys: () => Promise.resolve(store.access.keys()),
    async removeKey(name, actor) {
      const others = store.access.keys().filter((key) => key.name !== name);
      if (others.length === store.access.keys().length)
        throw new PushboatError({ code: "keys/unknown", message: `there is no key called ${name}`, hint: "See `keys`." });
      if (others.length === 0 && actor.identity.via !== "local") {
        throw new PushboatError({
          code: "keys/last",
          message: `${name} is the last key: nobody could come in any more`,
          hint: "Add another one first, or remove it on the server with `sudo ./pushboat keys:remove`.",
        });
      }
      store.access.audit(actor.identity, "keys:remove", name, now());
      store.access.removeKey(name);
    },
    async createToken(name, lifetimeMs, rights, actor) {
      checkRights({ store }, rights);
      if (store.access.token(name) !== null) {
        throw new PushboatError({
          code: "tokens/name-taken",
          message: `there is a token called ${name} already`,
          hint: `Choose another name, or \`tokens:remove ${name}\` first.`,
        });
      }
      const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
      const createdMs = now();
      const expiresMs = createdMs + lifetimeMs;
      store.access.addToken({ name, hash: hashToken(token), createdMs, expiresMs, ...rights });
      store.access.audit(actor.identity, "tokens:create", name, createdMs);
      return { name, createdMs, expiresMs, token, ...rights };
    },
    tokens: () => Promise.resolve(store.access.tokens()),
    async removeToken(name, actor) {
      if (!store.access.removeToken(name))
        throw new PushboatError({ code: "tokens/unknown", message: `there is no token called ${name}`, hint: "See `tokens`." });
      store.access.audit(actor.identity, "tokens:remove", name, now());
    },
  };
}

export function createCredentials({ store, now }: Pick<Deps, "store" | "now">): Credentials {
  return {
    async byKeyFingerprint(fingerprint, from): Promise<Identity | null> {
      const key = store.access.keyByFingerprint(fingerprint);
      return key === null ? null : { name: key.name, via: "ssh", from, ...scope(key) };
    },
    async byToken(token, from): Promise<Identity | null> {
      const record = store.access.tokenByHash(hashToken(token));
      return record === null || record.expiresMs <= now() ? null : { name: record.name, via: "http", from, ...scope(record) };
    },
    onKeyRevoked: (listener) => store.access.onKeyRemoved(listener),
  };
}

function scope({ role, app, branches }: Rights): Pick<Identity, "role" | "app" | "branches"> {
  return { role, ...(app === null ? {} : { app }), ...(branches === null ? {} : { branches }) };
}

/** A limit to branches is one within an app; an administrator of one app alone does not exist. */
function checkRights({ store }: Pick<Deps, "store">, { role, app, branches }: Rights): void {
  if (app !== null && store.apps.app(app) === null) {
    throw new PushboatError({
      code: "app/unknown",
      message: `there is no app called ${app}`,
      hint: `See \`apps\`, or make it first: apps:create ${app}`,
    });
  }
  if (branches !== null && app === null) {
    throw new PushboatError({
      code: "keys/branches-without-app",
      message: "--branches limits a key within one app",
      hint: "Name the app too: --app blog --branches 'feature/*'",
    });
  }
  if (role === "admin" && app !== null) {
    throw new PushboatError({
      code: "keys/admin-of-app",
      message: "an administrator is one of the whole platform",
      hint: "For one app: --role deploy --app blog",
    });
  }
}

/** The administrators of the first start: every key of an authorized_keys file, named by its comment. */
export function importAdminKeys({ store, now }: Pick<Deps, "store" | "now">, authorizedKeys: string): number {
  if (store.access.keys().length > 0) return 0;
  let added = 0;
  for (const text of authorizedKeys.split("\n")) {
    if (text.trim() === "" || text.startsWith("#")) continue;
    try {
      const { fingerprint, line, comment } = parsePublicKey(text);
      if (store.access.keyByFingerprint(fingerprint) !== null) continue;
      store.access.addKey({
        name: freeName(store, comment),
        fingerprint,
        publicKey: line,
        createdMs: now(),
        role: "admin",
        app: null,
        branches: null,
      });
      added += 1;
    } catch {
      // A line with options, or of a kind that is not known: not an administrator's key.
    }
  }
  return added;
}

function freeName(store: Deps["store"], comment: string): KeyName {
  const wanted =
    comment
      .replace(/[^A-Za-z0-9._@-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 60) || "admin";
  for (let count = 1; ; count += 1) {
    const name = parseKeyName(count === 1 ? wanted : `${wanted}-${count}`);
    if (store.access.key(name) === null) return name;
  }
}

interface PublicKey {
  /** `SHA256:…`, as `ssh-keygen -l` prints. */
  readonly fingerprint: string;
  readonly line: string;
  readonly comment: string;
}

/** One line of authorized_keys without options: `type base64 [comment]` (sshd(8)). */
export function parsePublicKey(text: string): PublicKey {
  const [type = "", base64 = "", ...comment] = text.trim().split(/\s+/);
  const blob = Buffer.from(base64, "base64");
  const typeLength = blob.length > 4 ? blob.readUInt32BE(0) : 0;
  const inner = blob.subarray(4, 4 + typeLength).toString("latin1");
  if (!KEY_TYPES.has(type) || inner !== type || text.trim().includes("\n")) {
    throw new PushboatError({
      code: "keys/format",
      message: text.includes("PRIVATE KEY") ? "this is a private key" : `${quote(text.trim().slice(0, 40))} is not an SSH public key`,
      hint: "Give the one line of a .pub file: keys:add NAME < ~/.ssh/id_ed25519.pub",
    });
  }
  return {
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
    line: `${type} ${base64}`,
    comment: comment.join(" "),
  };
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
