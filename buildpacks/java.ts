/** Java: Maven with Debian's JDK; in the image a JRE and what was packaged. */
import { PushboatError } from "../core/index.ts";
import { chooseJava, withoutComments } from "./java-version.ts";
import type { BuildPlan, Buildpack, PackagesRequest, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { planStart, type WebGuess } from "./start.ts";

export const java: Buildpack = {
  id: "java",
  name: "Java",
  looksFor: "pom.xml",
  facts: {
    versions:
      "21 and 25 (Debian 13's), the oldest that is new enough: by `.java-version`, `system.properties`, or maven.compiler.release, java.version and the like in pom.xml. What asks for an older one, 17 say, is built and run by 21, and the push says so; newer than 25 is refused.",
    dependencies: "As pom.xml says, by the Maven of its wrapper (mvnw), or Debian's 3.9 where there is none or it cannot be fetched.",
    reuse: "The local repository (~/.m2) is kept; what changed is compiled again.",
    start:
      "The only jar or war with a Main-Class (Spring Boot, shaded, or a manifest of its own with lib/ beside it), or Quarkus' quarkus-run.jar. Spring Boot, Quarkus and Micronaut are told PORT; others read it. JAVA_OPTS is passed on.",
    image: "A JRE and what was packaged into target/; no JDK, no Maven, and the repository only where there is a Procfile.",
  },
  plan: planJava,
};

const CACHE = "/var/cache/maven";
const PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

/** A file with arguments for java: the jar's name is known when it is there. */
const START = "target/web.args";

function planJava(source: SourceTree): BuildPlan | null {
  const pom = source.texts.get("pom.xml");
  if (pom === undefined) {
    if (["build.gradle", "build.gradle.kts"].some((name) => hasFile(source, name))) throw gradleIsUnknown();
    return null;
  }
  const { version, from, warnings } = chooseJava(source);
  const start = planStart(source, () => webCommand(source));
  const modules = /<modules>/.test(withoutComments(pom));
  const runtime = (part: "jdk" | "jre", packages: readonly string[]): PackagesRequest => ({
    kind: "packages",
    name: part,
    title: `java ${version} (${part})`,
    packages: [...packages, `openjdk-${version}-${part}-headless`],
    ...(part === "jre" ? { chosen: { language: "Java", version: String(version), from } } : {}),
  });
  return {
    buildpack: java.name,
    reason: `pom.xml, started by ${start?.from ?? "its jar"}`,
    buildRuntime: [runtime("jdk", ["git", "maven", "unzip"])],
    imageRuntime: [runtime("jre", [])],
    caches: [{ name: "maven", directory: CACHE, env: { MAVEN_USER_HOME: CACHE } }],
    steps: [buildStep(hasFile(source, "mvnw"), modules)],
    imageSteps: ["build"],
    // The commands of a Procfile may name files of the repository.
    imageHasSource: source.texts.has("Procfile"),
    env: { PATH },
    processes: start?.processes ?? {},
    warnings,
  };
}

/** The JVM's own share of the instance's memory would be a quarter. */
const HEAP = "-XX:MaxRAMPercentage=70";

function webCommand(source: SourceTree): WebGuess {
  const poms = [...source.texts].filter(([path]) => path.endsWith("pom.xml")).map(([, text]) => withoutComments(text));
  const framework = FRAMEWORKS.find(({ group }) => poms.some((pom) => pom.includes(`<groupId>${group}`)));
  const port = framework === undefined ? "" : `${framework.port} `;
  return { command: `java ${HEAP} ${port}$JAVA_OPTS @${START}`, from: `the jar${framework === undefined ? "" : ` (${framework.name})`}` };
}

/** Those that do not read PORT themselves. */
const FRAMEWORKS = [
  { name: "Spring Boot", group: "org.springframework.boot", port: "-Dserver.port=$PORT" },
  { name: "Quarkus", group: "io.quarkus", port: "-Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=$PORT" },
  { name: "Micronaut", group: "io.micronaut", port: "-Dmicronaut.server.port=$PORT" },
] as const;

/** Java knows no SSL_CERT_FILE: its own kind of store is made from the bundle, in a moment (keytool would take a minute). */
const TRUST = `openssl pkcs12 -export -nokeys -in "$SSL_CERT_FILE" -jdktrust anyExtendedKeyUsage -out /tmp/trust.p12 -passout pass:changeit
export MAVEN_OPTS="-Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12"`;

const WRAPPER = `if sh ./mvnw --version >/tmp/mvnw.log 2>&1; then maven='sh ./mvnw'
else echo "mvnw could not fetch its Maven, so Debian's is used: $(tail -n 1 /tmp/mvnw.log)"
fi`;

/** Archives, and the directories of libraries beside them; the rest of target/ is on the way to them. */
const TIDY = `find . -type d -name target -prune | while read -r target; do
  find "$target" -mindepth 1 -maxdepth 1 ! -name '*.jar' ! -name '*.war' ! -name '*lib*' ! -name dependency ! -name quarkus-app -exec rm -rf {} +
  find "$target" -maxdepth 1 \\( -name 'original-*.jar' -o -name '*-sources.jar' -o -name '*-javadoc.jar' -o -name '*-tests.jar' \\) -delete
done`;

const FIND_JAR = `mkdir -p target
jars=''
for jar in $(find . -path '*/target/*.jar' ! -path '*/target/*/*' -o -path '*/target/*.war' ! -path '*/target/*/*' -o -path '*/target/quarkus-app/quarkus-run.jar'); do
  if unzip -p "$jar" META-INF/MANIFEST.MF 2>/dev/null | grep -q '^Main-Class:'; then jars="$jars \${jar#./}"; fi
done
set -- $jars`;

const ONE_JAR = `if [ $# -ne 1 ]; then
  echo "Maven packaged $# archives with a Main-Class:$jars"
  echo "One is needed to start: let maven-shade-plugin, spring-boot-maven-plugin or maven-jar-plugin (manifest/mainClass) make it,"
  echo "or add a Procfile with the line  web: java -jar target/NAME.jar"
  exit 1
fi
echo "Starts $1"
echo "-jar $1" > ${START}`;

/** Tests are the test phase's. */
function buildStep(wrapper: boolean, modules: boolean): StepPlan {
  const mvn = `$maven -B -ntp -Dmaven.repo.local=${CACHE}/repository -Dstyle.color=never -DskipTests package`;
  return {
    name: "build",
    kind: "build",
    title: "mvn package",
    sees: "tree",
    on: [],
    command: ["set -e", TRUST, "maven=mvn", ...(wrapper ? [WRAPPER] : []), mvn, TIDY, FIND_JAR, ONE_JAR].join("\n"),
    env: { PATH },
    keeps: modules ? { kind: "all", except: [] } : { kind: "only", path: "target" },
  };
}

function gradleIsUnknown(): PushboatError {
  return new PushboatError({
    code: "build/gradle",
    message: "This is built by Gradle, which no buildpack knows: Debian 13's is too old for its Java",
    hint: "Add a pom.xml (for Maven), or a Dockerfile that begins with FROM gradle:jdk21 AS build.",
  });
}
