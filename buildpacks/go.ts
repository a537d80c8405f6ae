/** Go: modules, workspaces and cmd/ layouts; one static binary for each command, and nothing else of Go in the image. */
import { PushboatError, quote } from "../core/index.ts";
import { chooseServer, commandProcesses } from "./commands.ts";
import { BUILD_TOOLS } from "./debian.ts";
import { requestGo } from "./go-version.ts";
import type { BuildPlan, Buildpack, StepPlan } from "./plan.ts";
import { hasDirectory, hasFile, type SourceTree } from "./source-tree.ts";
import { planStart, type WebGuess } from "./start.ts";

export const go: Buildpack = {
  id: "go",
  name: "Go",
  looksFor: "go.mod or go.work",
  facts: {
    versions:
      "Any release since 1.21, from `toolchain` or `go` in go.work or go.mod (`go 1.26` is the newest 1.26.x); fetched through the module proxy.",
    dependencies: "go.mod and go.sum as they are (`-mod=readonly`); vendor/ where it is there.",
    reuse: "Downloaded modules and compiled packages are kept; a changed file compiles what it touches.",
    start:
      "The main package at the root, the only command in cmd/, or the one called web, server, api or app. Without a Procfile the others are process types by their names, of which none runs before it is scaled.",
    image: "Static binaries in bin/ on the base image, beside the repository; no compiler.",
  },
  plan: planGo,
};

/** Where the binaries go, one for each command, by its name. */
const BIN = "bin";

const ENV = { GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "-trimpath -buildvcs=false" } as const;
const PATH = "/usr/local/go/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

function planGo(source: SourceTree): BuildPlan | null {
  const manifest = ["go.mod", "go.work"].find((name) => hasFile(source, name));
  if (manifest === undefined) return null;
  const commands = findCommands(source);
  const web = webCommand(commands);
  const start = planStart(source, () => (web === null ? null : webGuess(web)));
  if (start === null) throw nothingToStart(commands);
  const names = commands.map(({ name }) => name);
  const others = web === null || source.texts.has("Procfile") ? {} : commandProcesses(names, web.name, BIN);
  return {
    buildpack: go.name,
    reason: `${manifest}, started by ${start.from}`,
    // git: a module that the proxy does not have is fetched from where it lives.
    buildRuntime: [BUILD_TOOLS, { kind: "go", go: requestGo(source) }],
    imageRuntime: [],
    caches: [
      { name: "go-modules", directory: "/var/cache/go-modules", env: { GOMODCACHE: "/var/cache/go-modules" } },
      { name: "go-build", directory: "/var/cache/go-build", env: { GOCACHE: "/var/cache/go-build" } },
    ],
    steps: [buildStep(source, commands)],
    imageSteps: ["build"],
    imageHasSource: true,
    env: { PATH: `/app/${BIN}:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin` },
    processes: { ...start.processes, ...others },
    warnings:
      hasFile(source, "go.mod") && !hasFile(source, "go.sum") && /^\s*require\b/m.test(source.texts.get("go.mod") ?? "")
        ? ["There is no go.sum: run `go mod tidy` and commit it"]
        : [],
  };
}

/** Modules are verified against go.sum and never changed (-mod=readonly is Go's default); vendor/ is used where it is there. */
function buildStep(source: SourceTree, commands: readonly Command[]): StepPlan {
  const builds = commands.map(({ name, directory }) => `go build -ldflags='-s -w' -o ${BIN}/${name} ./${directory}`);
  const download = hasDirectory(source, "vendor") ? [] : ["go mod download"];
  return {
    name: "build",
    kind: "build",
    title: "go build",
    sees: "tree",
    on: [],
    command: [
      "set -e",
      `mkdir -p ${BIN}`,
      ...download,
      ...(builds.length === 0 ? [`go build -ldflags='-s -w' -o ${BIN}/ ./...`] : builds),
    ].join("\n"),
    env: { ...ENV, PATH },
    keeps: { kind: "only", path: BIN },
  };
}

interface Command {
  readonly name: string;
  /** Empty: the root. */
  readonly directory: string;
}

/** Go files at the root are the app, beside what cmd/ holds; in a workspace each module that go.work uses is looked at the same way. */
function findCommands(source: SourceTree): readonly Command[] {
  const modules = hasFile(source, "go.work") ? workspaceModules(source.texts.get("go.work") ?? "") : [""];
  return modules.flatMap((module) => commandsOf(source, module));
}

/** module: its directory; empty: the root. */
function commandsOf(source: SourceTree, module: string): readonly Command[] {
  const prefix = module === "" ? "" : `${module}/`;
  const below = [...source.entries].flatMap(([path, { type }]): Command[] => {
    const name = path.startsWith(`${prefix}cmd/`) ? /^([A-Za-z0-9][\w.-]*)$/.exec(path.slice(prefix.length + 4))?.[1] : undefined;
    // Only the root's own cmd/ is listed a level deeper.
    return type === "directory" && name !== undefined && (module !== "" || holdsGo(source, `${path}/`)) ? [{ name, directory: path }] : [];
  });
  const main = ["main.go", "server.go", "app.go"].some((name) => hasFile(source, prefix + name));
  const only = module === "" && below.length === 0 && holdsGo(source, "");
  if (!main && !only) return below;
  if (module !== "") return [{ name: module.slice(module.lastIndexOf("/") + 1), directory: module }, ...below];
  return hasFile(source, "go.mod") ? [{ name: moduleName(source), directory: "" }, ...below] : below;
}

/** `use ./api`, or a block of them; `use .` is the root. */
function workspaceModules(text: string): readonly string[] {
  const lines = [...text.matchAll(/^\s*use\s+([^\s(]+)|^\s*use\s*\(([^)]*)\)/gm)].flatMap(([, one, block]) =>
    one === undefined ? (block ?? "").split("\n") : [one],
  );
  const paths = lines.map((line) => line.replace(/\/\/.*/, "").trim()).filter((line) => line !== "");
  return paths.map((path) =>
    path
      .replace(/^"|"$/g, "")
      .replace(/^\.\/?/, "")
      .replace(/\/+$/, ""),
  );
}

function holdsGo(source: SourceTree, prefix: string): boolean {
  return [...source.entries].some(
    ([path, { type }]) =>
      type === "file" &&
      path.startsWith(prefix) &&
      !path.slice(prefix.length).includes("/") &&
      path.endsWith(".go") &&
      !path.endsWith("_test.go"),
  );
}

/** As `go install` names it: the last part of the module's path, a major version not counted. */
function moduleName(source: SourceTree): string {
  const path = /^module\s+"?([^\s"]+)/m.exec(source.texts.get("go.mod") ?? "")?.[1] ?? "app";
  const parts = path.split("/").filter((part) => !/^v\d+$/.test(part));
  return (parts.at(-1) ?? "app").replace(/[^\w.-]/g, "-");
}

/** The package at the root, the only command, or the one with the name of a server. */
function webCommand(commands: readonly Command[]): Command | null {
  const name = chooseServer(commands.map((command) => command.name));
  return commands.find(({ directory }) => directory === "") ?? commands.find((command) => command.name === name) ?? null;
}

function webGuess({ name, directory }: Command): WebGuess {
  return { command: `${BIN}/${name}`, from: directory === "" ? "the package at the root" : directory };
}

function nothingToStart(commands: readonly Command[]): PushboatError {
  const names = commands.map(({ name }) => quote(name)).join(", ");
  return new PushboatError({
    code: "build/go-start",
    message:
      commands.length === 0
        ? "No command was found: neither a main package at the root nor one in cmd/"
        : `There are several commands: ${names}`,
    hint: `Add a Procfile with the line  web: ${BIN}/${commands[0]?.name ?? "NAME"}`,
  });
}
