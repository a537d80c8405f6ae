/** The peer: Debian's Docker, unpacked beside the system (nothing is installed, no service started), with everything of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeCgroup } from "./cgroup.ts";
import { once } from "./rootfs.ts";

const BRIDGE = "pbbenchdocker";
const BRIDGE_ADDRESS = "198.19.253.1/24";
const START_TIMEOUT_MS = 30_000;
/** What dockerd makes outside the directories it is given; removed again where it was not there before. */
const STRAY_PATHS = ["/etc/docker", "/run/docker", "/run/containerd"];

export interface Docker {
  /** `20.10.24` */
  readonly version: string;
  /** Runs the client to its end; answers what it printed. */
  run(argv: readonly string[], options?: { readonly cwd?: string }): Promise<string>;
  /** Makes an image of directories, lowest first, that are laid over each other. */
  importLayers(tag: string, directories: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Throws with the reason where Docker cannot run here. */
export async function startDocker(directory: string): Promise<Docker> {
  const root = once("docker", unpackDocker);
  const home = join(directory, "docker");
  mkdirSync(home, { recursive: true });
  const socket = join(home, "docker.sock");
  const strays = STRAY_PATHS.filter((path) => !existsSync(path));
  execFileSync("ip", ["link", "add", "name", BRIDGE, "type", "bridge"]);
  execFileSync("ip", ["addr", "add", BRIDGE_ADDRESS, "dev", BRIDGE]);
  execFileSync("ip", ["link", "set", BRIDGE, "up"]);
  const environment = {
    PATH: `${join(root, "usr/bin")}:${join(root, "usr/sbin")}:${process.env["PATH"]}`,
    HOME: home,
    DOCKER_HOST: `unix://${socket}`,
  };
  const daemon = spawnDaemon(home, socket, environment);
  const close = () => stopDocker(daemon, home, strays);
  const client = join(root, "usr/bin/docker");
  const run = (argv: readonly string[], options: { readonly cwd?: string } = {}) => output(client, argv, { ...options, env: environment });
  try {
    const version = await untilUp(() => run(["version", "--format", "{{.Server.Version}}"]), daemon, join(home, "dockerd.log"));
    return { version, run, importLayers: (tag, directories) => importLayers({ run }, home, tag, directories), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function unpackDocker(directory: string): void {
  console.error("fetching Debian's docker.io and containerd for the peer (62 MB, once)");
  const packages = join(directory, "packages");
  mkdirSync(packages);
  execFileSync("apt-get", ["download", "-q", "docker.io", "containerd"], { cwd: packages, stdio: "ignore" });
  for (const file of readdirSync(packages)) execFileSync("dpkg", ["-x", join(packages, file), directory]);
  rmSync(packages, { recursive: true });
}

function spawnDaemon(home: string, socket: string, environment: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(home, "dockerd.log"), "a");
  const argv = [
    ...["--data-root", join(home, "data"), "--exec-root", join(home, "exec"), "--pidfile", join(home, "dockerd.pid")],
    ...["--host", `unix://${socket}`, "--bridge", BRIDGE, "--group", "root"],
    // Its FORWARD policy and masquerading would reach into the host's network, and into Pushboat's.
    ...["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false"],
    ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
  ];
  const daemon = spawn("dockerd", argv, { env: environment, stdio: ["ignore", log, log] });
  closeSync(log);
  return daemon;
}

async function untilUp(ask: () => Promise<string>, daemon: ChildProcess, logFile: string): Promise<string> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < endMs && daemon.exitCode === null) {
    try {
      return (await ask()).trim();
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`dockerd did not come up:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
}

/** The lowest directory becomes an image, each further one a layer on it. */
async function importLayers(docker: Pick<Docker, "run">, home: string, tag: string, directories: readonly string[]): Promise<void> {
  const [base, ...rest] = directories as [string, ...string[]];
  const archive = join(home, "base.tar");
  execFileSync("tar", ["--create", "--numeric-owner", "--file", archive, "-C", base, "."]);
  await docker.run(["import", archive, tag]);
  rmSync(archive);
  const dockerfile = join(home, "Dockerfile");
  writeFileSync(dockerfile, `FROM ${tag}\nCOPY . /\n`);
  for (const directory of rest) await docker.run(["build", "-q", "-t", tag, "-f", dockerfile, directory]);
}

async function stopDocker(daemon: ChildProcess, home: string, strays: readonly string[]): Promise<void> {
  const ended = new Promise<void>((resolve) => (daemon.exitCode !== null ? resolve() : daemon.on("close", () => resolve())));
  daemon.kill("SIGTERM");
  await ended;
  for (const mount of mountsBelow(home)) execFileSync("umount", ["-l", mount]);
  execFileSync("ip", ["link", "del", BRIDGE]);
  for (const path of [home, ...strays]) rmSync(path, { recursive: true, force: true });
  removeCgroup("docker");
}

function mountsBelow(home: string): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(home))
    .reverse();
}

function output(program: string, argv: readonly string[], options: { cwd?: string; env: NodeJS.ProcessEnv }): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const seen = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => (seen.stdout += chunk));
    child.stderr.on("data", (chunk) => (seen.stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(seen.stdout) : reject(new Error(`docker ${argv.join(" ")}: ${seen.stderr}`))));
  });
}
