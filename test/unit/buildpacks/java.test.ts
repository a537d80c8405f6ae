import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan, readBuildSettings } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, packageJson, sourceOf } from "./source-of.ts";

const pom = (properties = "", rest = "") => `<project><properties>${properties}</properties>${rest}</project>`;
const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);

function javaOf(files: Files): { version: string; from: string; warnings: readonly string[] } {
  const { imageRuntime, warnings } = plan(files);
  const [jre] = imageRuntime;
  if (jre?.kind !== "packages" || jre.chosen === undefined) throw new Error("the image has no JRE");
  return { version: jre.chosen.version, from: jre.chosen.from, warnings };
}

describe("a Java app", () => {
  it.each([
    [{ "pom.xml": pom("<maven.compiler.release>25</maven.compiler.release>") }, "25", "maven.compiler.release in pom.xml"],
    [{ "pom.xml": pom("<java.version>21</java.version>") }, "21", "java.version in pom.xml"],
    [{ "pom.xml": pom("<java.version>25</java.version>"), ".java-version": "temurin-21.0.2\n" }, "21", ".java-version"],
    [{ "pom.xml": pom(), "system.properties": "java.runtime.version=25\n" }, "25", "system.properties"],
    [{ "pom.xml": pom("<!-- <java.version>25</java.version> -->") }, "21", "Pushboat's default"],
  ])("says which Java it gets, and from where: %j", (files, version, from) => {
    expect(javaOf(files as unknown as Files)).toEqual({ version, from, warnings: [] });
  });

  it("that asks for 17 or 1.8 is built by 21, and told so", () => {
    expect(javaOf({ "pom.xml": pom("<java.version>17</java.version>") }).warnings[0]).toContain(
      "asks for Java 17, and Debian 13 has 21 and 25",
    );
    expect(javaOf({ "pom.xml": pom("<maven.compiler.source>1.8</maven.compiler.source>") })).toMatchObject({ version: "21" });
  });

  it.each(["26", "zulu-27.0.1"])("that asks for %s is refused with what there is", (version) => {
    expect(() => plan({ "pom.xml": pom(), ".java-version": version })).toThrow(expect.objectContaining({ code: "build/java-version" }));
  });

  it("has a JRE and what was packaged in its image, and nothing else", () => {
    const { imageRuntime, imageHasSource, steps } = plan({ "pom.xml": pom() });
    expect(imageRuntime).toEqual([expect.objectContaining({ packages: ["openjdk-21-jre-headless"] })]);
    expect(imageHasSource).toBe(false);
    expect(steps[0]?.keeps).toEqual({ kind: "only", path: "target" });
  });

  it.each([
    ["org.springframework.boot", "-Dserver.port=$PORT"],
    ["io.quarkus.platform", "-Dquarkus.http.port=$PORT"],
    ["io.micronaut", "-Dmicronaut.server.port=$PORT"],
  ])("of %s is told its port", (group, option) => {
    const files = { "pom.xml": pom("", `<parent><groupId>${group}</groupId></parent>`) };
    expect(plan(files).processes[WEB]?.command[0]).toContain(option);
  });

  it("is built by the Maven of its wrapper, or Debian's where that cannot be fetched", () => {
    expect(plan({ "pom.xml": pom(), mvnw: "" }).steps[0]?.command).toContain("sh ./mvnw --version");
    expect(plan({ "pom.xml": pom() }).steps[0]?.command).not.toContain("mvnw");
  });

  it("starts what its Procfile says, beside its repository", () => {
    const { processes, imageHasSource } = plan({ "pom.xml": pom(), Procfile: "web: java -jar target/shop.jar\n" });
    expect(processes[WEB]?.command).toEqual(["java -jar target/shop.jar"]);
    expect(imageHasSource).toBe(true);
  });

  it("that packages a war without a server is told which ways there are, and one of Spring Boot is built", () => {
    const war = pom("", "<packaging>war</packaging>");
    expect(() => plan({ "pom.xml": war })).toThrow(expect.objectContaining({ code: "build/java-war" }));
    expect(
      plan({ "pom.xml": war.replace("<packaging>", "<parent><groupId>org.springframework.boot</groupId></parent><packaging>") }),
    ).toBeTruthy();
  });

  it("looks nothing up where no pom.xml changed, unless a dependency is a snapshot", () => {
    const command = (rest: string): string => plan({ "pom.xml": pom("", rest) }).steps[0]?.command ?? "";
    expect(command("<version>1.0-SNAPSHOT</version>")).toContain("package -o");
    expect(command("<dependency><artifactId>x</artifactId><version>1.0-SNAPSHOT</version></dependency>")).not.toContain("package -o");
  });
});

describe("a repository of Java and something else", () => {
  const jhipster = {
    "package.json": packageJson({ scripts: { start: "npm run webapp:dev", build: "ng build" } }),
    "pom.xml": pom(),
    "src/main/java/App.java": "",
  };

  it("is Java's where its pom.xml has code, as JHipster's, and says so", () => {
    expect(plan(jhipster).buildpack).toBe("Java");
    expect(plan(jhipster).warnings[0]).toContain("There is a package.json too");
    expect(
      choosePlan(
        sourceOf(jhipster),
        BUILDPACKS,
        readBuildSettings({ pushboatYml: "build: {buildpack: node}", appJson: null, kind: "production" }),
      ).buildpack,
    ).toBe("Node.js");
  });

  it("is Node's where the pom.xml has none", () => {
    expect(plan({ ...jhipster, "src/main/java/App.java": "", "pom.xml": pom() }).buildpack).toBe("Java");
    expect(plan({ "package.json": jhipster["package.json"], "pom.xml": pom() }).buildpack).toBe("Node.js");
  });

  it("is a site's or Node's where build.gradle builds nothing of the JVM", () => {
    expect(plan({ "build.gradle": "task deploy {}", "index.html": "" }).buildpack).toBe("static files");
    expect(plan({ "build.gradle": "plugins { id 'com.android.application' }", "package.json": jhipster["package.json"] }).buildpack).toBe(
      "Node.js",
    );
  });
});

describe("a Gradle app", () => {
  it.each([
    ["plugins { application }", "installDist"],
    ['plugins {\n  id("org.springframework.boot") version "4.0.7"\n  application\n}', "bootJar"],
    ["plugins { id 'io.quarkus' }", "quarkusBuild"],
    ['plugins { id("io.ktor.plugin") version "3.5.2" }', "buildFatJar"],
    ["plugins { id 'com.gradleup.shadow' version '9.0.0' }", "shadowJar"],
    ["plugins { id 'java' }", "assemble"],
  ])("of %j is built by its wrapper's %s", (text, task) => {
    const { steps, caches, processes } = plan({ "build.gradle": text, "src/main/java/App.java": "", gradlew: "" });
    expect(steps[0]?.command).toContain(`--build-cache ${task}\n`);
    expect(caches.map(({ name }) => name)).toEqual(["gradle"]);
    expect(processes[WEB]?.command[0]).toContain("sh build/web.sh");
  });

  it("with projects of its own is known by their build files, and its toolchain chooses the JDK", () => {
    const files = {
      "settings.gradle.kts": 'include("app")',
      gradlew: "",
      "app/build.gradle.kts": "plugins { application }\njava { toolchain { languageVersion = JavaLanguageVersion.of(25) } }",
    };
    expect(plan(files).steps[0]?.keeps).toEqual({ kind: "all", except: [".gradle"] });
    expect(javaOf(files)).toMatchObject({ version: "25", from: "the toolchain in app/build.gradle.kts" });
  });

  it("without a wrapper is told why Debian's does not do", () => {
    expect(() => plan({ "build.gradle.kts": "", "src/main/kotlin/App.kt": "" })).toThrow(expect.objectContaining({ code: "build/gradle" }));
  });
});
