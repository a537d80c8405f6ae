/** Gradle, by the wrapper that a repository brings: what its plugins make is built and started. */
import { PushboatError } from "../core/index.ts";
import type { CachePlan, StepPlan } from "./plan.ts";
import { hasDirectory, hasFile, type SourceTree } from "./source-tree.ts";

const CACHE = "/var/cache/gradle";

export const GRADLE_CACHE: CachePlan = { name: "gradle", directory: CACHE, env: { GRADLE_USER_HOME: CACHE } };

/** A script: what is started is known when it is there. */
export const GRADLE_START = "build/web.sh";

const FILES = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"] as const;

/** A build.gradle may stand beside a site or a Node app for other reasons: the JVM's code, or a plugin that starts something, is the sign. */
export function isGradle(source: SourceTree): boolean {
  if (!FILES.some((name) => hasFile(source, name))) return false;
  const texts = gradleTexts(source);
  if (texts.some((text) => /com\.android\.(?:application|library)/.test(text))) return false;
  return [...source.entries.keys()].some((path) => /(?:^|\/)src\/main$/.test(path)) || pluginOf(texts) !== null;
}

/** Build files of the projects, without comments. */
export function gradleTexts(source: SourceTree): readonly string[] {
  return [...source.texts]
    .filter(([path]) => /(?:^|\/)build\.gradle(?:\.kts)?$/.test(path))
    .map(([, text]) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""));
}

interface Plugin {
  readonly name: string;
  readonly sign: RegExp;
  readonly task: string;
}

/** The first that is applied: each makes something that starts by itself; the application plugin is often applied beside the others. */
const PLUGINS: readonly Plugin[] = [
  { name: "Spring Boot", sign: /org\.springframework\.boot/, task: "bootJar" },
  { name: "Quarkus", sign: /['"]io\.quarkus['"]/, task: "quarkusBuild" },
  { name: "Ktor", sign: /['"]io\.ktor\.plugin['"]/, task: "buildFatJar" },
  { name: "the shadow plugin", sign: /com\.gradleup\.shadow|com\.github\.johnrengelman\.shadow/, task: "shadowJar" },
  {
    name: "the application plugin",
    sign: /\bapplication\b\s*(?:[{}]|$)|['"]application['"]|io\.micronaut\.application/m,
    task: "installDist",
  },
];

function pluginOf(texts: readonly string[]): Plugin | null {
  return PLUGINS.find(({ sign }) => texts.some((text) => sign.test(text))) ?? null;
}

export function gradleStep(source: SourceTree, path: string): StepPlan {
  if (!hasFile(source, "gradlew")) throw wrapperIsMissing();
  const plugin = pluginOf(gradleTexts(source));
  return {
    name: "build",
    kind: "build",
    title: `gradlew ${plugin?.task ?? "assemble"}`,
    sees: "tree",
    on: [],
    command: ["set -e", TRUST, FETCH, `sh ./gradlew ${OPTIONS} ${plugin?.task ?? "assemble"}`, TIDY, FIND, ONE].join("\n"),
    env: { PATH: path },
    keeps: isOneProject(source) ? { kind: "only", path: "build" } : { kind: "all", except: [".gradle"] },
  };
}

function isOneProject(source: SourceTree): boolean {
  return ![...source.texts.keys()].some((path) => /\/build\.gradle(?:\.kts)?$/.test(path)) && hasDirectory(source, "src");
}

/** For Gradle's own process and the wrapper's. */
const TRUST = `openssl pkcs12 -export -nokeys -in "$SSL_CERT_FILE" -jdktrust anyExtendedKeyUsage -out /tmp/trust.p12 -passout pass:changeit
export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12"`;

/** No daemon: nothing of a build outlives it. */
const OPTIONS = "--no-daemon --console=plain --build-cache";

/** Asked first: what fails here is the distribution's address, and nothing of the app. */
const FETCH = `if ! sh ./gradlew --no-daemon --version >/tmp/gradlew.log 2>&1; then
  grep -Ev '^Picked up|^[[:space:]]+at ' /tmp/gradlew.log | tail -n 8
  echo "gradlew could not fetch or start its Gradle: $(sed -n 's/\\\\:/:/g; s/^distributionUrl=//p' gradle/wrapper/gradle-wrapper.properties 2>/dev/null)"
  echo "Is gradle/wrapper/gradle-wrapper.jar committed, and can this machine reach that address? Debian's own Gradle (4.4.1) is too old to take its place."
  exit 1
fi
grep -m 1 '^Gradle ' /tmp/gradlew.log || true`;

/** Of a project's build/ only what is started stays. A package of the app's own may be called build, too. */
const TIDY = `find . -type d -name build -prune | while read -r build; do
  [ -e "$build/../build.gradle" ] || [ -e "$build/../build.gradle.kts" ] || continue
  find "$build" -mindepth 1 -maxdepth 1 ! -name libs ! -name install ! -name quarkus-app -exec rm -rf {} +
done`;

const FIND = `mkdir -p build
found=''
for script in $(find . -path '*/build/install/*/bin/*' -type f ! -name '*.bat' | sort); do found="$found \${script#./}"; done
if [ -z "$found" ]; then
  for jar in $(find . -path '*/build/libs/*.jar' -o -path '*/build/quarkus-app/quarkus-run.jar' | sort); do
    if unzip -p "$jar" META-INF/MANIFEST.MF 2>/dev/null | grep -q '^Main-Class:'; then found="$found \${jar#./}"; fi
  done
fi
set -- $found
chosen=''
if [ $# -eq 1 ]; then chosen=$1; fi
for name in web server api app; do
  for each in $found; do
    case "/$each" in */"$name"/build/* | */*-"$name"/build/*) [ -n "$chosen" ] || chosen=$each ;; esac
  done
done`;

const ONE = `if [ -z "$chosen" ]; then
  echo "Gradle made $# things that start:$found"
  if [ $# -eq 0 ]; then echo "Apply the application plugin with application { mainClass }, Spring Boot's, or the shadow plugin"
  else echo "One is started: add a Procfile with the line  web: $1"
  fi
  exit 1
fi
echo "Starts $chosen"
case "$chosen" in
  *.jar) echo "exec java \\$JAVA_OPTS -jar $chosen" ;;
  *) echo "exec $chosen" ;;
esac > ${GRADLE_START}`;

function wrapperIsMissing(): PushboatError {
  return new PushboatError({
    code: "build/gradle",
    message:
      "This is built by Gradle, and the repository has no gradlew: which Gradle it wants is not said, and Debian's (4.4.1) is too old",
    hint: "Run `gradle wrapper`, commit gradlew and gradle/wrapper/ (the jar too), and push again; or add a pom.xml, or a Dockerfile that begins with FROM gradle:jdk21 AS build.",
  });
}
