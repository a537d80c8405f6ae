/** Which Ruby a project asks for, and whether Debian 13's is it. */
import { satisfies, validRange } from "semver";
import { PushboatError, quote } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";

export const DEBIAN_RUBY = "3.3";
/** Debian mends a release and keeps its number. */
const DEBIAN_RELEASE = "3.3.8";

export interface RubyChoice {
  readonly from: string;
  readonly warnings: readonly string[];
}

/** Bundler holds the app to what its Gemfile says, to the last number; .ruby-version is a developer's, and its line is enough. */
export function chooseRuby(source: SourceTree): RubyChoice {
  const file = /^\s*([^\s#]+)/m.exec(source.texts.get(".ruby-version") ?? "")?.[1]?.replace(/^ruby-/, "");
  const gemfile = gemfileWish(source.texts.get("Gemfile") ?? "", file);
  if (gemfile !== null) {
    if (!allows(gemfile)) throw otherRuby(gemfile.join(", "), "Gemfile");
    return { from: "ruby in Gemfile", warnings: [] };
  }
  const locked = /^RUBY VERSION\r?\n\s+ruby (\d+\.\d+\.\d+)/m.exec(source.texts.get("Gemfile.lock") ?? "")?.[1];
  if (locked !== undefined) return lineOf(locked, "Gemfile.lock");
  return file === undefined ? { from: "Pushboat's default, Debian 13's", warnings: [] } : lineOf(file, ".ruby-version");
}

/** `ruby "~> 3.3"`, `ruby ">= 3.2", "< 3.4"`, `ruby file: ".ruby-version"`; null: it says nothing that can be read. */
function gemfileWish(gemfile: string, file: string | undefined): readonly string[] | null {
  const line = /^\s*ruby[ (]+([^#\n]*)/m.exec(gemfile)?.[1];
  if (line === undefined) return null;
  if (/\bfile:/.test(line)) return file === undefined ? null : [file];
  const wishes = [...line.replace(/,\s*:?(?:engine|patchlevel)\b.*/, "").matchAll(/["']([^"']+)["']/g)].map(([, text]) => text ?? "");
  return wishes.length === 0 || !wishes.every((text) => /\d/.test(text)) ? null : wishes;
}

function allows(wishes: readonly string[]): boolean {
  const range = wishes.map(semverOf).join(" ");
  return validRange(range) !== null && satisfies(DEBIAN_RELEASE, range);
}

/** RubyGems' `~> 3.3` leaves the last number open. */
function semverOf(wish: string): string {
  const [, operator = "=", version = ""] = /^\s*(~>|>=|<=|!=|=|>|<)?\s*(.+?)\s*$/.exec(wish) ?? [];
  if (operator === "!=") return satisfies(DEBIAN_RELEASE, version) ? "<0.0.0" : "*";
  if (operator === "=") return /^\d+\.\d+$/.test(version) ? `=${version}.0` : `=${version}`;
  if (operator !== "~>") return `${operator}${version}`;
  return version.split(".").length >= 3 ? `~${version}` : `^${version}`;
}

function lineOf(version: string, from: string): RubyChoice {
  if (!version.startsWith(`${DEBIAN_RUBY}.`) && version !== DEBIAN_RUBY) throw otherRuby(version, from);
  const exact = version !== DEBIAN_RUBY && version !== DEBIAN_RELEASE;
  return { from, warnings: exact ? [`${from} asks for Ruby ${version}: Debian's ${DEBIAN_RELEASE} is used`] : [] };
}

function otherRuby(text: string, from: string): PushboatError {
  return new PushboatError({
    code: "build/ruby-version",
    message: `There is no Ruby ${quote(text)} here (${from}): Debian 13 has ${DEBIAN_RELEASE}`,
    hint: `Write ruby "~> ${DEBIAN_RUBY}.0" where the app runs on it, or a Dockerfile that begins with FROM ruby:VERSION-slim.`,
  });
}
