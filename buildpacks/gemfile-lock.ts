/** What Gemfile.lock names, and whether it is one that Bundler can use here. */
import { PushboatError, quote } from "../core/index.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export interface GemfileLock {
  /** Of all gems, those that others need too. */
  readonly names: ReadonlySet<string>;
  /** Gems that lie in the repository: their files are part of what is installed. */
  readonly hasLocalGems: boolean;
}

export function readGemfileLock(source: SourceTree): GemfileLock {
  const text = source.texts.get("Gemfile.lock");
  if (text === undefined) throw missing(hasFile(source, "Gemfile.lock"));
  const lines = text.split(/\r?\n/);
  const conflict = lines.findIndex((line) => /^(?:<{7}|={7}|>{7})/.test(line));
  if (conflict >= 0) throw broken(`line ${conflict + 1} is a conflict marker of git: ${quote(lines[conflict] ?? "")}`);
  if (!lines.includes("DEPENDENCIES")) throw broken("it has no section DEPENDENCIES");
  refuseOtherPlatforms(lines);
  return {
    names: new Set(lines.flatMap((line) => /^ {4}([\w.-]+) \(/.exec(line)?.[1] ?? [])),
    hasLocalGems: lines.includes("PATH"),
  };
}

/** Bundler says the same, some seconds later and on twenty lines. */
function refuseOtherPlatforms(lines: readonly string[]): void {
  const start = lines.indexOf("PLATFORMS");
  if (start < 0) return;
  const end = lines.indexOf("", start);
  const platforms = lines.slice(start + 1, end < 0 ? lines.length : end).map((line) => line.trim());
  if (platforms.some((name) => name === "ruby" || name.includes("linux"))) return;
  throw new PushboatError({
    code: "build/gemfile-lock",
    message: `Gemfile.lock is for ${platforms.map(quote).join(", ")}, and for no Linux`,
    hint: "Run `bundle lock --add-platform x86_64-linux`, commit Gemfile.lock, and push again.",
  });
}

function missing(isThere: boolean): PushboatError {
  return new PushboatError({
    code: "build/gemfile-lock",
    message: isThere
      ? "Gemfile.lock is not a regular file"
      : "There is no Gemfile.lock: nothing says which versions the app was tried with",
    hint: "Run `bundle install`, commit Gemfile.lock, and push again.",
  });
}

function broken(what: string): PushboatError {
  return new PushboatError({
    code: "build/gemfile-lock",
    message: `Gemfile.lock cannot be read: ${what}`,
    hint: "Run `bundle install`, commit Gemfile.lock as it writes it, and push again.",
  });
}
