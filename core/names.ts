/** Names that reach a path, a host name, a command line or a log: parsed once, at the door, into a type. */
import { createHash } from "node:crypto";
import { PushboatError } from "./errors.ts";

declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

export type AppName = Branded<"AppName">;
/** A git branch without `refs/heads/`. */
export type BranchName = Branded<"BranchName">;
/** `app` (production) or `app@branch`. */
export type EnvironmentName = Branded<"EnvironmentName">;
export type ProcessType = Branded<"ProcessType">;
export type VolumeName = Branded<"VolumeName">;
export type KeyName = Branded<"KeyName">;
/** 40 hex digits (SHA-1) or 64 (SHA-256). */
export type CommitId = Branded<"CommitId">;
/** Lower case, no trailing dot, no port. */
export type HostName = Branded<"HostName">;

/** Host labels, users and paths that an app must not take. */
const RESERVED_APP_NAMES = new Set(["git", "www", "api", "admin", "pushboat", "localhost", "internal", "root", "status", "ns", "mail"]);
const MAX_APP_NAME_LENGTH = 30;

export function parseAppName(text: string): AppName {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) || text.length > MAX_APP_NAME_LENGTH) {
    throw new PushboatError({
      code: "name/app",
      message: `${quote(text)} is not a name for an app`,
      hint: `Use lower-case letters, digits and single hyphens, a letter first, at most ${MAX_APP_NAME_LENGTH} characters: my-blog`,
    });
  }
  if (RESERVED_APP_NAMES.has(text)) {
    throw new PushboatError({
      code: "name/app-reserved",
      message: `${quote(text)} is reserved by Pushboat`,
      hint: "Choose another name for the app.",
    });
  }
  return text as AppName;
}

/** git-check-ref-format(1), for the part behind refs/heads/; additionally no name over 200 bytes. */
export function parseBranchName(text: string): BranchName {
  const bad =
    text.length === 0 ||
    Buffer.byteLength(text) > 200 ||
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|^-|^@$/.test(text) ||
    text.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock"));
  if (bad) {
    throw new PushboatError({
      code: "name/branch",
      message: `${quote(text)} is not a branch name that can be deployed`,
      hint: "Rename the branch: no spaces, control characters, `..`, leading `-`, at most 200 bytes.",
    });
  }
  return text as BranchName;
}

export interface EnvironmentRef {
  readonly app: AppName;
  /** null for production. */
  readonly branch: BranchName | null;
}

/** Parses `app` or `app@branch`. */
export function parseEnvironmentName(text: string): EnvironmentRef & { readonly name: EnvironmentName } {
  const at = text.indexOf("@");
  const app = parseAppName(at < 0 ? text : text.slice(0, at));
  const branch = at < 0 ? null : parseBranchName(text.slice(at + 1));
  return { app, branch, name: environmentName(app, branch) };
}

export function environmentName(app: AppName, branch: BranchName | null): EnvironmentName {
  return (branch === null ? app : `${app}@${branch}`) as EnvironmentName;
}

/** File names end at 255 bytes, and suffixes (`.log.1`) come after this. */
const MAX_FILE_NAME_LENGTH = 200;

/**
 * An environment as one file or directory name (logs, router logs). A branch of 200 non-ASCII bytes would be 600 characters
 * percent-encoded: then its beginning and a hash of the whole.
 */
export function environmentFileName(environment: EnvironmentName): string {
  const encoded = encodeURIComponent(environment);
  if (encoded.length <= MAX_FILE_NAME_LENGTH) return encoded;
  const hash = createHash("sha256").update(environment).digest("hex").slice(0, 16);
  return `${encoded.slice(0, MAX_FILE_NAME_LENGTH - 17).replace(/%.?$/, "")}~${hash}`;
}

export function parseProcessType(text: string): ProcessType {
  if (!/^[a-z0-9_-]{1,63}$/.test(text)) {
    throw new PushboatError({
      code: "name/process-type",
      message: `${quote(text)} is not a process type`,
      hint: "Use lower-case letters, digits, - and _, at most 63 characters: web, worker",
    });
  }
  return text as ProcessType;
}

export const WEB = "web" as ProcessType;
export const RELEASE = "release" as ProcessType;

export function parseVolumeName(text: string): VolumeName {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) || text.length > 40) {
    throw new PushboatError({
      code: "name/volume",
      message: `${quote(text)} is not a name for a volume`,
      hint: "Use lower-case letters, digits and single hyphens, at most 40 characters. A volume has a name, never a host path.",
    });
  }
  return text as VolumeName;
}

export function parseKeyName(text: string): KeyName {
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(text)) {
    throw new PushboatError({
      code: "name/key",
      message: `${quote(text)} is not a name for a key`,
      hint: "Use letters, digits and . _ @ - (a letter or digit first), at most 64 characters: alice, ci@blog",
    });
  }
  return text as KeyName;
}

/** RFC 1123 host name; lower-cased. A leading `*.` is not accepted here (parseDomain). */
export function parseHostName(text: string): HostName {
  const host = text.toLowerCase().replace(/\.$/, "");
  const labels = host.split(".");
  const bad =
    host.length === 0 ||
    host.length > 253 ||
    labels.some((label) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label)) ||
    /^[0-9.]+$/.test(host);
  if (bad) {
    throw new PushboatError({
      code: "name/host",
      message: `${quote(text)} is not a host name`,
      hint: "Give a full host name such as www.example.com.",
    });
  }
  return host as HostName;
}

/** A host name, or a wildcard for all names below one of at least two labels: `*.example.org`, at any depth (as in DNS, RFC 4592), not for example.org itself. */
export function parseDomain(text: string): HostName {
  if (!text.startsWith("*.")) return parseHostName(text);
  const zone = parseHostName(text.slice(2));
  if (zone.includes(".")) return `*.${zone}` as HostName;
  throw new PushboatError({
    code: "name/wildcard",
    message: `${quote(text)} stands for a whole top-level domain`,
    hint: "Give a wildcard below a domain of your own such as *.example.com.",
  });
}

export function parseCommitId(text: string): CommitId {
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) {
    throw new PushboatError({ code: "name/commit", message: `${quote(text)} is not a commit id`, kind: "platform" });
  }
  return text as CommitId;
}

/** A value from outside for a message: JSON-quoted (no control characters reach a terminal), shortened. */
export function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
