/** Maven: what a pom.xml says is packaged, and which of the archives is started. */
import { PushboatError } from "../core/index.ts";
import { withoutComments } from "./java-version.ts";
import type { CachePlan, StepPlan } from "./plan.ts";
import { hasDirectory, hasFile, type SourceTree } from "./source-tree.ts";

const CACHE = "/var/cache/maven";

export const MAVEN_CACHE: CachePlan = { name: "maven", directory: CACHE, env: { MAVEN_USER_HOME: CACHE } };

/** A file with arguments for java: the jar's name is known when it is there. */
export const MAVEN_START = "target/web.args";

/** A pom.xml beside a package.json may be no more than what a company's CI wants: then the package.json is the app. */
export function isMaven(source: SourceTree): boolean {
  if (!hasFile(source, "pom.xml")) return false;
  return hasDirectory(source, "src/main") || hasModules(source) || !hasFile(source, "package.json");
}

function hasModules(source: SourceTree): boolean {
  return /<modules>/.test(withoutComments(source.texts.get("pom.xml") ?? ""));
}

/** All pom.xml files, without comments. */
export function pomTexts(source: SourceTree): readonly string[] {
  return [...source.texts].filter(([path]) => path.endsWith("pom.xml")).map(([, text]) => withoutComments(text));
}

/** Tests are the test phase's. */
export function mavenStep(source: SourceTree, path: string): StepPlan {
  const wrapper = hasFile(source, "mvnw");
  const offline = pomTexts(source).some(dependsOnSnapshot) ? [] : [OFFLINE];
  return {
    name: "build",
    kind: "build",
    title: "mvn package",
    sees: "tree",
    on: [],
    command: ["set -e", TRUST, "maven=mvn", ...(wrapper ? [WRAPPER] : []), PACKAGE, ...offline, ONLINE, TIDY, FIND_JAR, ONE_JAR].join("\n"),
    env: { PATH: path },
    keeps: hasModules(source) ? { kind: "all", except: [] } : { kind: "only", path: "target" },
  };
}

/** What changes under its version has to be looked for each time. The app's own version may well be one. */
function dependsOnSnapshot(pom: string): boolean {
  const blocks = pom.match(/<(dependency|parent|plugin)>[\s\S]*?<\/\1>/g) ?? [];
  return blocks.some((block) => /<version>[^<]*-SNAPSHOT\s*</.test(block) && !/\$\{project\./.test(block));
}

/** Java knows no SSL_CERT_FILE: its own kind of store is made from the bundle, in a moment (keytool would take a minute). */
const TRUST = `openssl pkcs12 -export -nokeys -in "$SSL_CERT_FILE" -jdktrust anyExtendedKeyUsage -out /tmp/trust.p12 -passout pass:changeit
export MAVEN_OPTS="-Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit -Djavax.net.ssl.trustStoreType=PKCS12"`;

const WRAPPER = `if sh ./mvnw --version >/tmp/mvnw.log 2>&1; then
  maven='sh ./mvnw'
  echo "$(grep -m 1 '^Apache Maven' /tmp/mvnw.log) by mvnw"
else echo "mvnw could not fetch its Maven, so Debian's is used: $(grep . /tmp/mvnw.log | tail -n 1)"
fi`;

/** The output is wanted live, and afterwards for the reason: a pipe's own exit code would be that of tee. */
const PACKAGE = `package() {
  { $maven -B -ntp -Dmaven.repo.local=${CACHE}/repository -Dstyle.color=never -DskipTests "$@" package 2>&1 && echo 0 >/tmp/mvn.code || echo 1 >/tmp/mvn.code; } | tee /tmp/mvn.out
  [ "$(cat /tmp/mvn.code)" = 0 ]
}
done=''
resolved=${CACHE}/resolved-$( (find . -name target -prune -o -name pom.xml -print; find .mvn -type f 2>/dev/null) | sort | xargs cat | sha256sum | cut -c1-20)`;

/** What was resolved for the same pom.xml files is all that a build needs. The cache may have been swept since: then it is resolved again. */
const OFFLINE = `if [ -e "$resolved" ]; then
  echo "No pom.xml changed: dependencies are those of the last build (mvn -o)"
  if package -o; then done=yes
  elif ! grep -qi 'offline mode' /tmp/mvn.out; then exit 1
  else echo "Something is missing in the local repository: dependencies are resolved again"
  fi
fi`;

const ONLINE = `if [ -z "$done" ]; then
  package
  rm -f ${CACHE}/resolved-*
  touch "$resolved"
fi`;

/** Archives, and the directories of libraries beside them; the rest of target/ is on the way to them. */
const TIDY = `find . -type d -name target -prune | while read -r target; do
  find "$target" -mindepth 1 -maxdepth 1 ! -name '*.jar' ! -name '*.war' ! -name '*lib*' ! -name dependency ! -name quarkus-app -exec rm -rf {} +
  find "$target" -maxdepth 1 \\( -name 'original-*.jar' -o -name '*-sources.jar' -o -name '*-javadoc.jar' -o -name '*-tests.jar' \\) -delete
done`;

/** Of several the one whose module is called as a server would be: they are told apart by their directory. */
const FIND_JAR = `mkdir -p target
jars=''
for jar in $(find . -path '*/target/*.jar' ! -path '*/target/*/*' -o -path '*/target/*.war' ! -path '*/target/*/*' -o -path '*/target/quarkus-app/quarkus-run.jar' | sort); do
  if unzip -p "$jar" META-INF/MANIFEST.MF 2>/dev/null | grep -q '^Main-Class:'; then jars="$jars \${jar#./}"; fi
done
set -- $jars
chosen=''
if [ $# -eq 1 ]; then chosen=$1; fi
for name in web server api app; do
  for jar in $jars; do
    case "/$jar" in */"$name"/target/* | */*-"$name"/target/*) [ -n "$chosen" ] || chosen=$jar ;; esac
  done
done`;

const ONE_JAR = `if [ -z "$chosen" ]; then
  echo "Maven packaged $# archives with a Main-Class:$jars"
  if [ $# -eq 0 ]; then
    echo "One is needed to start: let maven-shade-plugin, spring-boot-maven-plugin or maven-jar-plugin (manifest/mainClass) make it"
  else echo "One is started: add a Procfile with the line  web: java -jar $1"
  fi
  exit 1
fi
case "$chosen" in
  target/*) echo "Starts $chosen" ;;
  *) echo "Starts $chosen, of the module \${chosen%/target/*}" ;;
esac
[ $# -eq 1 ] || echo "Packaged with a Main-Class too:$(for jar in $jars; do [ "$jar" = "$chosen" ] || printf ' %s' "$jar"; done)"
echo "-jar $chosen" > ${MAVEN_START}`;

/** A plain war has no server in it: which one, and how it is set up, is the app's to say. */
export function refusePlainWar(source: SourceTree): void {
  const poms = pomTexts(source);
  const war = poms.some((pom) => /<packaging>\s*war\s*</.test(pom));
  const runs = poms.some((pom) => /org\.springframework\.boot|io\.quarkus|io\.micronaut|<mainClass>/.test(pom));
  if (!war || runs || source.texts.has("Procfile")) return;
  throw new PushboatError({
    code: "build/java-war",
    message: "pom.xml packages a war, which needs a servlet container to run in, and none is part of the app",
    hint: [
      "Let the app bring its own server: Spring Boot's spring-boot-maven-plugin makes a war that starts by itself,",
      "or a main class with embedded Jetty or Tomcat and maven-shade-plugin a jar. To run the war as it is, write a Dockerfile",
      "that ends with FROM tomcat:10-jre21 and COPY --from=build /app/target/NAME.war /usr/local/tomcat/webapps/ROOT.war.",
    ].join("\n"),
  });
}
