/** composer.json and composer.lock, as far as a build has to know them. */
import { intersects, validRange } from "semver";
import { PushboatError, quote } from "../core/index.ts";
import { findJsonError } from "./json-position.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export const DEBIAN_PHP = "8.4";

export interface Composer {
  /** Of `require` in composer.json; null: any. */
  readonly php: string | null;
  /** `ext-NAME` of composer.json and of what composer.lock installs, without `ext-`. */
  readonly extensions: readonly string[];
  /** Packages lie in the repository itself. */
  readonly hasPathRepository: boolean;
}

/** null: the repository has no composer.json. */
export function readComposer(source: SourceTree): Composer | null {
  const text = source.texts.get("composer.json");
  if (text === undefined) return null;
  const manifest = parse("composer.json", text);
  const lockText = source.texts.get("composer.lock");
  const lock = lockText === undefined ? null : parse("composer.lock", lockText);
  const required = record(manifest["require"]);
  if (lock === null && !hasFile(source, "composer.lock") && Object.keys(required).some(isPackage)) throw lockIsMissing();
  const locked = list(lock?.["packages"]).flatMap((entry) => Object.keys(record(record(entry)["require"])));
  const extensions = [...Object.keys(required), ...locked].flatMap((name) => /^ext-(.+)$/.exec(name)?.[1] ?? []);
  const repositories = manifest["repositories"];
  const php = required["php"];
  return {
    php: typeof php === "string" ? php : null,
    extensions: [...new Set(extensions)].sort(),
    hasPathRepository: (Array.isArray(repositories) ? repositories : Object.values(record(repositories))).some(
      (each) => record(each)["type"] === "path",
    ),
  };
}

/** Composer's `~8.3` leaves the last number open, and `|`, `,` and stability flags are its own. */
export function allowsPhp(constraint: string): boolean {
  const range = constraint
    .replace(/@\w+/g, "")
    .replace(/\|\|?/g, "||")
    .replace(/,/g, " ")
    .replace(/~\s*(\d+\.\d+)(?![.\d])/g, "^$1")
    .trim();
  return validRange(range) !== null && intersects(range, `${DEBIAN_PHP}.x`);
}

export function otherPhp(constraint: string): PushboatError {
  return new PushboatError({
    code: "build/php-version",
    message: `There is no PHP ${quote(constraint)} here (require.php in composer.json): Debian 13 has ${DEBIAN_PHP}`,
    hint: `Let it have room for ${DEBIAN_PHP} ("php": ">=8.2") where the app runs on it, or write a Dockerfile that begins with FROM php:VERSION-apache.`,
  });
}

function isPackage(name: string): boolean {
  return name.includes("/");
}

function parse(file: string, text: string): Readonly<Record<string, unknown>> {
  const wrong = findJsonError(text);
  if (wrong !== null) {
    throw new PushboatError({
      code: "build/composer",
      message: `${file}: line ${wrong.line}, column ${wrong.column}: expected ${wrong.expected}`,
      hint: `Mend ${file} (\`composer validate\` looks at it too), commit, and push again.`,
    });
  }
  return record(JSON.parse(text));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function lockIsMissing(): PushboatError {
  return new PushboatError({
    code: "build/composer-lock",
    message: "There is no composer.lock: nothing says which versions the app was tried with",
    hint: "Run `composer update`, commit composer.lock, and push again.",
  });
}
