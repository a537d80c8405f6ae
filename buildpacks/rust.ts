/** Rust: cargo with Debian's compiler; the binaries and nothing else of Rust in the image. */
import { PushboatError, quote } from "../core/index.ts";
import { type CargoBinary, cargoBinaries } from "./cargo-binaries.ts";
import { chooseServer, commandProcesses } from "./commands.ts";
import { BUILD_TOOLS } from "./debian.ts";
import type { BuildPlan, Buildpack, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { planStart } from "./start.ts";
import { tomlTable, tomlText } from "./toml-text.ts";

export const rust: Buildpack = {
  id: "rust",
  name: "Rust",
  looksFor: "Cargo.toml",
  facts: {
    versions: "1.85 (Debian 13's). rust-toolchain(.toml) and `rust-version` are read; what needs a newer one is refused.",
    dependencies: "Cargo.lock as it is (`--locked`).",
    reuse: "Downloaded crates and compiled dependencies are kept; only the app's own crates are compiled again.",
    start:
      "`default-run`, the root package's src/main.rs, the only binary ([[bin]], src/bin/, a workspace's members), or the one called web, server, api or app, or NAME-api and the like. Without a Procfile the others are process types by their names, of which none runs before it is scaled.",
    image: "The binaries in bin/ on the base image, beside the repository; no compiler.",
  },
  plan: planRust,
};

const DEBIAN_RUST = "1.85";
const DEBIAN_MINOR = 85;
const BIN = "bin";

function planRust(source: SourceTree): BuildPlan | null {
  const manifest = source.texts.get("Cargo.toml");
  if (manifest === undefined) return null;
  const from = versionSource(source, manifest);
  const binaries = cargoBinaries(source);
  const web = webBinary(manifest, binaries);
  const start = planStart(source, () => (web === null ? null : { command: `${BIN}/${web.name}`, from: web.from }));
  if (start === null) {
    throw new PushboatError({
      code: "build/rust-start",
      message:
        binaries.length === 0
          ? "No binary was found: neither src/main.rs nor src/bin/ nor [[bin]], in the package or in a member of the workspace"
          : `There are several binaries: ${binaries.map(({ name }) => quote(name)).join(", ")}`,
      hint: `Add a Procfile with the line  web: ${BIN}/${binaries[0]?.name ?? "NAME"}  or default-run = "NAME" to [package].`,
    });
  }
  const names = binaries.map(({ name }) => name);
  const others = web === null || source.texts.has("Procfile") ? {} : commandProcesses(names, web.name, BIN);
  return {
    buildpack: rust.name,
    reason: `Cargo.toml, started by ${start.from}`,
    buildRuntime: [
      BUILD_TOOLS,
      {
        kind: "packages",
        name: "rust",
        title: `rust ${DEBIAN_RUST}`,
        packages: ["cargo", "rustc"],
        chosen: { language: "Rust", version: DEBIAN_RUST, from },
      },
    ],
    imageRuntime: [],
    caches: [
      { name: "cargo", directory: "/var/cache/cargo", env: { CARGO_HOME: "/var/cache/cargo" } },
      { name: "cargo-target", directory: TARGET, env: { CARGO_TARGET_DIR: TARGET } },
    ],
    steps: [buildStep(source)],
    imageSteps: ["build"],
    imageHasSource: true,
    env: { PATH: `/app/${BIN}:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin` },
    processes: { ...start.processes, ...others },
    warnings: hasFile(source, "Cargo.lock") ? [] : ["There is no Cargo.lock: cargo chooses the versions itself. Commit the file."],
  };
}

const TARGET = "/var/cache/cargo-target";

/**
 * Cargo goes by times, and a commit's files have times made from their content: an older one than the last build's would be
 * taken for unchanged. So the app's own files are touched, and dependencies keep their times.
 */
function buildStep(source: SourceTree): StepPlan {
  const command = `set -e
find . -type f -exec touch {} +
mkdir -p ${TARGET}/release ${BIN}
find ${TARGET}/release -maxdepth 1 -type f -delete
cargo build --release --bins --workspace ${hasFile(source, "Cargo.lock") ? "--locked" : ""}
find ${TARGET}/release -maxdepth 1 -type f -perm -u+x ! -name '*.so' -exec cp {} ${BIN}/ \\;`;
  return {
    name: "build",
    kind: "build",
    title: "cargo build --release",
    sees: "tree",
    on: [],
    command,
    env: { CARGO_TERM_COLOR: "never", CARGO_TERM_PROGRESS_WHEN: "never", CARGO_INCREMENTAL: "0" },
    keeps: { kind: "only", path: BIN },
  };
}

function webBinary(manifest: string, binaries: readonly CargoBinary[]): CargoBinary | null {
  const run = tomlText(manifest, "package", "default-run");
  if (run !== null) return { name: run, from: "default-run" };
  const server = chooseServer(binaries.map(({ name }) => name));
  return binaries.find(({ from }) => from === "src/main.rs") ?? binaries.find(({ name }) => name === server) ?? null;
}

function versionSource(source: SourceTree, manifest: string): string {
  const toolchain = source.texts.get("rust-toolchain.toml") ?? source.texts.get("rust-toolchain");
  const channel = toolchain === undefined ? null : (tomlText(toolchain, "toolchain", "channel") ?? toolchain.trim().split("\n")[0] ?? "");
  const wishes = [
    [channel, "rust-toolchain"],
    [tomlText(manifest, "package", "rust-version"), "rust-version in Cargo.toml"],
    [/rust-version\s*=\s*"([^"]+)"/.exec(tomlTable(manifest, "workspace.package") ?? "")?.[1] ?? null, "rust-version in Cargo.toml"],
  ] as const;
  const found = wishes.find(([text]) => text !== null && text !== "stable");
  if (found === undefined) return "Debian 13";
  const [text, from] = found;
  const minor = Number(/^1\.(\d+)/.exec(text ?? "")?.[1] ?? Number.NaN);
  if (minor <= DEBIAN_MINOR) return from;
  throw new PushboatError({
    code: "build/rust-version",
    message: `There is no Rust ${quote(text ?? "")} here (${from}): Debian 13 has ${DEBIAN_RUST}`,
    hint: "Ask for 1.85 or older, or write a Dockerfile that begins with FROM rust:VERSION-slim.",
  });
}
