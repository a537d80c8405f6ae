/** Which Java a project asks for, and which of Debian 13's two it gets. */
import { PushboatError, quote } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";

/** What Debian 13 has, oldest first: both with long support. Each compiles for and runs what is older. */
export const DEBIAN_JAVAS = [21, 25] as const;

export interface JavaChoice {
  readonly version: (typeof DEBIAN_JAVAS)[number];
  readonly from: string;
  readonly warnings: readonly string[];
}

/** The oldest that is new enough: libraries and compiler plugins follow a new Java late. */
export function chooseJava(source: SourceTree): JavaChoice {
  const [oldest] = DEBIAN_JAVAS;
  const wish = findWish(source);
  if (wish === null) return { version: oldest, from: "Pushboat's default", warnings: [] };
  const asked = majorOf(wish.text);
  const version = DEBIAN_JAVAS.find((each) => asked <= each);
  if (version === undefined) throw otherJava(wish.text, wish.from);
  const warning = `${wish.from} asks for Java ${asked}, and Debian 13 has ${DEBIAN_JAVAS.join(" and ")}: Java ${version} builds and runs it`;
  return { version, from: wish.from, warnings: asked === version ? [] : [warning] };
}

/** Files that name the JDK, then the pom's level of the language. */
function findWish(source: SourceTree): { text: string; from: string } | null {
  const pom = withoutComments(source.texts.get("pom.xml") ?? "");
  const gradle = [...source.texts].filter(([path]) => /(?:^|\/)build\.gradle(?:\.kts)?$/.test(path));
  const wishes: readonly (readonly [string | undefined, string])[] = [
    [/^\s*([^\s#]+)/m.exec(source.texts.get(".java-version") ?? "")?.[1], ".java-version"],
    [/^\s*java\.runtime\.version\s*[=:]\s*(\S+)/m.exec(source.texts.get("system.properties") ?? "")?.[1], "system.properties"],
    ...["maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source"].map(
      (name) => [element(pom, name), `${name} in pom.xml`] as const,
    ),
    [element(pom, "release"), "release in pom.xml"],
    [element(pom, "kotlin.compiler.jvmTarget"), "kotlin.compiler.jvmTarget in pom.xml"],
    ...gradle.map(
      ([path, text]) => [/(?:JavaLanguageVersion\.of|jvmToolchain)\s*\(\s*(\d+)/.exec(text)?.[1], `the toolchain in ${path}`] as const,
    ),
    ...gradle.map(
      ([path, text]) =>
        [/sourceCompatibility\s*=\s*(?:JavaVersion\.VERSION_|['"])?(\d[\d_.]*)/.exec(text)?.[1], `sourceCompatibility in ${path}`] as const,
    ),
  ];
  const found = wishes.find(([text]) => text !== undefined && /\d/.test(text) && !text.includes("${"));
  return found === undefined ? null : { text: found[0] ?? "", from: found[1] };
}

function element(pom: string, name: string): string | undefined {
  return new RegExp(`<${name.replaceAll(".", "\\.")}>\\s*([^<\\s]+)\\s*</`).exec(pom)?.[1];
}

export function withoutComments(xml: string): string {
  return xml.replace(/<!--[\s\S]*?-->/g, "");
}

/** `1.8` is 8, `temurin-21.0.2` is 21; NaN, which no version is as new as, for what has no number. */
function majorOf(text: string): number {
  const [, old, major] = /(?:^|[^\d.])(?:1\.(\d+)|(\d+))/.exec(text) ?? [];
  return Number(old ?? major ?? Number.NaN);
}

function otherJava(text: string, from: string): PushboatError {
  return new PushboatError({
    code: "build/java-version",
    message: `There is no Java ${quote(text)} here (${from}): Debian 13 has ${DEBIAN_JAVAS.join(" and ")}`,
    hint: `Ask for ${DEBIAN_JAVAS.at(-1)} or older, or write a Dockerfile that begins with FROM eclipse-temurin:VERSION.`,
  });
}
