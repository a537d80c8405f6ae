/** The peer of a cold build: `docker build --no-cache` of the buildpack's own steps, on an image of the same base and tools. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILDPACKS, choosePlan, type SourceTree, type StepPlan } from "../buildpacks/index.ts";
import { FIXTURE_APPS_DIRECTORY } from "../test/support/fixture-apps.ts";
import type { BuildApp } from "./build-apps.ts";
import type { Docker } from "./floor/docker.ts";

const LAYERS = join(process.env["PUSHBOAT_CACHE"] ?? "/var/cache/pushboat", "layers");
const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

export interface BuildPeer {
  /** Milliseconds. */
  build(): Promise<number>;
}

/** The runtimes have to be there: a build of the app came before. */
export async function prepareBuildPeer(docker: Docker, app: BuildApp, directory: string): Promise<BuildPeer> {
  const context = join(directory, `docker-${app.language}`);
  cpSync(join(FIXTURE_APPS_DIRECTORY, app.fixture), context, { recursive: true });
  await docker.importLayers(`base-${app.language}`, [...[/^base \(/, ...app.runtime].map(layerDirectory), authorities(directory)]);
  const plan = choosePlan(readSource(context), BUILDPACKS);
  const caches = Object.assign({}, ...plan.caches.map(({ env }) => env));
  const steps = plan.steps.filter(({ name }) => plan.imageSteps.includes(name));
  const lines = steps.flatMap((step, index) => stepLines(context, step, { index, env: { ...caches, ...step.env } }));
  writeFileSync(
    join(context, "Dockerfile"),
    [`FROM base-${app.language}`, "WORKDIR /app", ...ENVIRONMENT, ...lines, "COPY . .", ""].join("\n"),
  );
  return {
    async build() {
      const startMs = performance.now();
      await docker.run(["build", "-q", "--no-cache", "--network", "host", "-t", `app-${app.language}`, context]);
      return performance.now() - startMs;
    },
  };
}

const ENVIRONMENT = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "CARGO_HTTP_CAINFO", "CURL_CA_BUNDLE"].map(
  (name) => `ENV ${name}=${AUTHORITIES}`,
);

/** As a good Dockerfile has it: only what the step sees, then the step. */
function stepLines(
  context: string,
  { sees, command }: StepPlan,
  { index, env }: { readonly index: number; readonly env: Readonly<Record<string, string>> },
): readonly string[] {
  mkdirSync(join(context, ".steps"), { recursive: true });
  writeFileSync(join(context, ".steps", `${index}.sh`), command);
  const copies = sees === "tree" ? ["COPY . ."] : sees.map(({ path }) => `COPY ${path} ./`);
  const variables = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  return [
    ...copies,
    `COPY .steps/${index}.sh /tmp/`,
    `RUN export ${["HOME=/tmp/home", ...variables].join(" ")}; mkdir -p $HOME; . /tmp/${index}.sh`,
  ];
}

/** The newest of that title. */
function layerDirectory(title: RegExp): string {
  const records = readdirSync(LAYERS)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(LAYERS, name), "utf8")) as { id: string; title: string; createdMs: number });
  const found = records.filter((record) => title.test(record.title)).sort((a, b) => b.createdMs - a.createdMs)[0];
  if (found === undefined) throw new Error(`${LAYERS} holds no layer ${title}`);
  return join(LAYERS, found.id);
}

function authorities(directory: string): string {
  const root = join(directory, "authorities");
  rmSync(root, { recursive: true, force: true });
  cpSync(AUTHORITIES, join(root, AUTHORITIES), { dereference: true });
  return root;
}

function readSource(directory: string): SourceTree {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  const entries = files.map((entry) => {
    const path = join(entry.parentPath, entry.name).slice(directory.length + 1);
    return [path, { type: entry.isDirectory() ? "directory" : "file", id: path }] as const;
  });
  const texts = entries
    .filter(([, { type }]) => type === "file")
    .map(([path]) => [path, readFileSync(join(directory, path), "utf8")] as const);
  return { id: "", entries: new Map(entries), texts: new Map(texts) };
}
