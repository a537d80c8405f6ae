/** The floor of a container: overlay, network namespace with a veth, `runc run`; nothing supervises it. */
import { execFile, execFileSync } from "node:child_process";
import { chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { FLOOR_CGROUP, FLOOR_OWNER, ociDocument } from "./bundle.ts";
import { removeCgroup } from "./cgroup.ts";

const run = promisify(execFile);

/** RFC 2544 range like the product's, another slice of it (measured: it collides with nothing here). */
const ADDRESS_PREFIX = "198.19.254";

export interface FloorContainerSpec {
  readonly id: string;
  /** 1..60: its address. */
  readonly number: number;
  /** Lowest first. */
  readonly layers: readonly string[];
  readonly argv: readonly string[];
  readonly env: readonly string[];
}

/** The cgroup that held them all. */
export function removeFloorCgroup(): void {
  removeCgroup(FLOOR_CGROUP);
}

export interface FloorContainer {
  readonly ip: string;
  /** What it printed. */
  readonly logFile: string;
  remove(): void;
}

/** directory: every user may pass through it (0711). The time holds bundle, overlay, namespace, veth, runc. Resolves when the process was started. */
export async function startFloorContainer(directory: string, spec: FloorContainerSpec): Promise<FloorContainer> {
  const bundle = join(directory, spec.id);
  const [upper, work, rootfs] = ["upper", "work", "rootfs"].map((name) => join(bundle, name)) as [string, string, string];
  for (const path of [upper, work, rootfs]) mkdirSync(path, { recursive: true });
  chownSync(upper, FLOOR_OWNER, FLOOR_OWNER);
  const networkNamespace = `/run/netns/${spec.id}`;
  const document = ociDocument({ id: spec.id, rootfs, argv: spec.argv, env: spec.env, networkNamespace });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(document));
  const lower = [...spec.layers].reverse().join(":");
  const ip = `${ADDRESS_PREFIX}.${spec.number * 4 + 2}`;
  await Promise.all([
    run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=${lower},upperdir=${upper},workdir=${work}`, rootfs]),
    connect(spec, ip),
  ]);
  const logFile = join(bundle, "log");
  const log = openSync(logFile, "a");
  const remove = () => removeFloorContainer(bundle, spec.id, rootfs);
  try {
    // Not through execFile: its pipes would stay open as long as the detached container lives.
    execFileSync("runc", ["--root", join(directory, "runc"), "run", "--detach", "--bundle", bundle, spec.id], {
      stdio: ["ignore", log, log],
    });
  } catch (error) {
    const said = readFileSync(logFile, "utf8");
    remove();
    throw new Error(`runc run failed: ${said}`, { cause: error });
  } finally {
    closeSync(log);
  }
  return { ip, logFile, remove };
}

async function connect(spec: FloorContainerSpec, ip: string): Promise<void> {
  const host = `pbf${spec.number}`;
  await run("ip", ["netns", "add", spec.id]);
  await run("ip", ["link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", spec.id]);
  await batch([], [`addr add ${ADDRESS_PREFIX}.${spec.number * 4 + 1}/30 dev ${host}`, `link set ${host} up`]);
  await batch(["-n", spec.id], [`addr add ${ip}/30 dev eth0`, "link set lo up", "link set eth0 up"]);
}

async function batch(options: readonly string[], lines: readonly string[]): Promise<void> {
  const child = run("ip", [...options, "-batch", "-"]);
  child.child.stdin?.end(lines.join("\n"));
  await child;
}

function removeFloorContainer(bundle: string, id: string, rootfs: string): void {
  const quietly = (program: string, ...argv: string[]) => {
    try {
      execFileSync(program, argv, { stdio: "ignore" });
    } catch {
      // Whatever was never made cannot be removed.
    }
  };
  quietly("runc", "--root", join(bundle, "../runc"), "delete", "--force", id);
  quietly("umount", rootfs);
  quietly("ip", "netns", "del", id);
  rmSync(bundle, { recursive: true, force: true });
}
