/** One engine with a data directory of its own, a small root filesystem, and words for what the tests ask of containers. */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { parseSettings, type Settings } from "../../../../core/index.ts";
import { type ContainerSpec, createEngine, type Engine } from "../../../../runtime/engine/index.ts";
import { makeSmallRootfs } from "./small-rootfs.ts";

type PushboatEngine = ReturnType<typeof createEngine>;

export interface GivenEngine {
  readonly engine: PushboatEngine;
  readonly settings: Settings;
  /** Of the one layer. */
  readonly rootfs: string;
  readonly warnings: string[];
  spec(id: string, argv: readonly string[], more?: Partial<ContainerSpec>): ContainerSpec;
  /** Starts, waits for the end, removes; answers what it printed. */
  output(id: string, script: string, more?: Partial<ContainerSpec>): Promise<string>;
  log(id: string): string;
  /** Another engine object for the same platform, as after a restart of control. */
  again(): PushboatEngine;
  end(): Promise<void>;
}

export const LAYER_KIND = "base" as const;

/** On a disk, not on a tmpfs: overlay uppers and layers belong there. */
export async function givenEngine(): Promise<GivenEngine> {
  const dataDirectory = mkdtempSync("/var/tmp/pushboat-engine-");
  const rootfs = `${dataDirectory}/layers/small`;
  makeSmallRootfs(rootfs);
  mkdirSync(`${dataDirectory}/logs`);
  const settings = parseSettings({ PUSHBOAT_DATA: dataDirectory });
  const warnings: string[] = [];
  const make = (): PushboatEngine => createEngine({ settings, log: { warn: (_details, message) => void warnings.push(message) } });
  const engine = make();
  await engine.prepare();

  const logFile = (id: string): string => `${dataDirectory}/logs/${id}.log`;
  const spec = (id: string, argv: readonly string[], more: Partial<ContainerSpec> = {}): ContainerSpec => ({
    id,
    slot: 0,
    layers: [{ id: "base-small", kind: LAYER_KIND, title: "small", directories: [rootfs] }],
    upperDirectory: null,
    mounts: [],
    argv,
    env: {},
    workingDirectory: "/app",
    uid: 1000,
    gid: 1000,
    network: "app",
    memoryBytes: 128 * 1024 * 1024,
    pids: 64,
    cpuShares: 1024,
    logFile: logFile(id),
    labels: { test: "yes" },
    ...more,
  });
  const log = (id: string): string => textOfLog(readFileSync(logFile(id), "utf8"));
  return {
    engine,
    settings,
    rootfs,
    warnings,
    spec,
    log,
    again: make,
    async output(id, script, more = {}) {
      await engine.start(spec(id, ["sh", "-c", script], more));
      await engine.wait(id, AbortSignal.timeout(20_000));
      const text = log(id);
      await engine.remove(id);
      return text;
    },
    async end() {
      await engine.teardown();
      rmdirSync(settings.runDirectory); // others' things would be in it; the engine's are not
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** conmon's k8s-file format: time, stream, F or P, text. */
function textOfLog(file: string): string {
  return file
    .split("\n")
    .filter(Boolean)
    .map((line) => /^\S+ \S+ ([FP]) (.*)$/s.exec(line))
    .map((match) => (match === null ? "" : `${match[2]}${match[1] === "F" ? "\n" : ""}`))
    .join("");
}

/** Waits for an end that must come within 10 s. */
export function ended(engine: Engine, id: string) {
  return engine.wait(id, AbortSignal.timeout(10_000));
}
