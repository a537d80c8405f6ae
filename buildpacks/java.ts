/** Java and Kotlin: Maven or Gradle with Debian's JDK; in the image a JRE and what was packaged. */
import { GRADLE_CACHE, GRADLE_START, gradleStep, gradleTexts, isGradle } from "./gradle.ts";
import { chooseJava } from "./java-version.ts";
import { isMaven, MAVEN_CACHE, MAVEN_START, mavenStep, pomTexts, refusePlainWar } from "./maven.ts";
import type { BuildPlan, Buildpack, PackagesRequest } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { planStart, type WebGuess } from "./start.ts";

export const java: Buildpack = {
  id: "java",
  name: "Java",
  looksFor: "pom.xml, or gradlew with build.gradle(.kts) and src/main",
  facts: {
    versions:
      "21 and 25 (Debian 13's), the oldest that is new enough: by `.java-version`, `system.properties`, or maven.compiler.release, java.version and the like in pom.xml, or the toolchain in build.gradle. What asks for an older one, 17 say, is built and run by 21, and the push says so; newer than 25 is refused. Kotlin as its plugin says.",
    dependencies:
      "As pom.xml says, by the Maven of its wrapper (mvnw), or Debian's 3.9 where there is none or it cannot be fetched. Gradle by its wrapper only: Debian's is too old.",
    reuse:
      "The local repository is kept. Where no pom.xml changed, Maven looks nothing up (`mvn -o`): what was resolved for the last build is used. Gradle's home and its build cache are kept.",
    start:
      "The only jar or war with a Main-Class (Spring Boot, shaded, or a manifest of its own with lib/ beside it), or Quarkus' quarkus-run.jar; of several the one in a module called web, server, api or app, and the push says which. With Gradle's application plugin its start script. Spring Boot, Quarkus and Micronaut are told PORT; others read it. JAVA_OPTS is passed on. A war without a server is refused.",
    image:
      "A JRE and what was packaged into target/ or build/; no JDK, no Maven or Gradle, and the repository only where there is a Procfile.",
  },
  plan: planJava,
};

const PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

function planJava(source: SourceTree): BuildPlan | null {
  const maven = isMaven(source);
  if (!maven && !isGradle(source)) return null;
  if (maven) refusePlainWar(source);
  const { version, from, warnings } = chooseJava(source);
  const start = planStart(source, () => (maven ? mavenCommand(source) : gradleCommand(source)));
  const runtime = (part: "jdk" | "jre", packages: readonly string[]): PackagesRequest => ({
    kind: "packages",
    name: part,
    title: `java ${version} (${part})`,
    packages: [...packages, `openjdk-${version}-${part}-headless`],
    ...(part === "jre" ? { chosen: { language: "Java", version: String(version), from } } : {}),
  });
  return {
    buildpack: java.name,
    reason: `${maven ? "pom.xml" : "build.gradle"}, started by ${start?.from ?? "what it packages"}`,
    // curl: for wrappers that are a script alone.
    buildRuntime: [runtime("jdk", ["curl", "git", "maven", "unzip"])],
    imageRuntime: [runtime("jre", [])],
    caches: [maven ? MAVEN_CACHE : GRADLE_CACHE],
    steps: [maven ? mavenStep(source, PATH) : gradleStep(source, PATH)],
    imageSteps: ["build"],
    // The commands of a Procfile may name files of the repository.
    imageHasSource: source.texts.has("Procfile"),
    env: { PATH },
    processes: start?.processes ?? {},
    warnings: [...warnings, ...(hasFile(source, "package.json") ? [PACKAGE_JSON_TOO] : [])],
  };
}

/** JHipster's way: the pom.xml builds the package.json's part too, and the server is Java's. */
const PACKAGE_JSON_TOO =
  "There is a package.json too: the Java app is what is built (`build: {buildpack: node}` in pushboat.yml would take the other)";

/** The JVM's own share of the instance's memory would be a quarter. */
const HEAP = "-XX:MaxRAMPercentage=70";

function mavenCommand(source: SourceTree): WebGuess {
  const poms = pomTexts(source);
  const framework = FRAMEWORKS.find(({ group }) => poms.some((pom) => pom.includes(`<groupId>${group}`)));
  const port = framework === undefined ? "" : `${framework.port} `;
  return { command: `java ${HEAP} ${port}$JAVA_OPTS @${MAVEN_START}`, from: `the jar${suffix(framework)}` };
}

function gradleCommand(source: SourceTree): WebGuess {
  const texts = gradleTexts(source);
  const framework = FRAMEWORKS.find(({ group }) => texts.some((text) => text.includes(group)));
  const port = framework === undefined ? "" : `${framework.port} `;
  return { command: `JAVA_OPTS="${HEAP} ${port}$JAVA_OPTS" sh ${GRADLE_START}`, from: `what Gradle makes${suffix(framework)}` };
}

function suffix(framework: { readonly name: string } | undefined): string {
  return framework === undefined ? "" : ` (${framework.name})`;
}

/** Those that do not read PORT themselves. */
const FRAMEWORKS = [
  { name: "Spring Boot", group: "org.springframework.boot", port: "-Dserver.port=$PORT" },
  { name: "Quarkus", group: "io.quarkus", port: "-Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT" },
  { name: "Micronaut", group: "io.micronaut", port: "-Dmicronaut.server.port=$PORT" },
] as const;
