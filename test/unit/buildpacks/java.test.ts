import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

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

  it("of Gradle alone is told of Maven and the Dockerfile way", () => {
    expect(() => plan({ "build.gradle.kts": "" })).toThrow(expect.objectContaining({ code: "build/gradle" }));
  });
});
