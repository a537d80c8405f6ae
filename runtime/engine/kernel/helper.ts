/** The perl process that makes mounts and namespaces (helper.pl): one for each engine, started when needed, again when it died. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { PushboatError } from "../../../core/index.ts";

export interface OverlayRequest {
  /** Host uid and gid that 0 inside is. */
  readonly baseUid: number;
  readonly target: string;
  readonly upper: string;
  readonly work: string;
  /** Where the idmapped layers are attached for a moment; must not exist. */
  readonly clones: string;
  /** Lowest of all, owners already shifted: the mount points. */
  readonly skeleton: string;
  /** Lowest first; owners are those inside. */
  readonly layers: readonly string[];
}

export interface ConnectRequest {
  /** Of a process in the network namespace. */
  readonly pid: number;
  /** Of the host end; the other is eth0. */
  readonly name: string;
  readonly mtu: number;
  readonly address: string;
  readonly mac: string;
  readonly gateway: string;
  readonly gatewayMac: string;
}

export interface KernelHelper {
  overlay(request: OverlayRequest): Promise<void>;
  /** Mounts source (directory or file) at target, which must not exist, owners shifted. */
  bindMapped(baseUid: number, source: string, target: string): Promise<void>;
  /** Makes a directory a mount of its own whose mounts stay in this mount namespace. */
  makePrivate(directory: string): Promise<void>;
  /** Named pipes that one host uid may open. */
  makePipes(uid: number, paths: readonly string[]): Promise<void>;
  /** A veth pair between the host and the network of a process, with addresses, routes and fixed neighbours; both ends up. */
  connectNetwork(request: ConnectRequest): Promise<void>;
  /** A copy of the empty filesystem in the file `template`, at target; the file `image` has no name afterwards. */
  mountScratch(template: string, image: string, target: string): Promise<void>;
  /** The filesystem in the file `image`, at target. */
  mountImage(image: string, target: string): Promise<void>;
  /** Detaches; nothing there is fine. */
  unmount(paths: readonly string[]): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly operation: string;
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly waiting: Map<number, Waiting>;
}

const SCRIPT = new URL("helper.pl", import.meta.url).pathname;

export function createKernelHelper(): KernelHelper {
  let running: Running | null = null;
  let sequence = 0;

  const call = (operation: string, ...fields: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      running ??= startHelper((ended) => {
        if (running === ended) running = null;
      });
      sequence += 1;
      running.waiting.set(sequence, { resolve, reject, operation });
      running.child.ref();
      refStream(running.child.stdout, true);
      running.child.stdin.write(encodeRequest(sequence, operation, fields));
    });

  return {
    overlay: (request) =>
      call(
        "overlay",
        String(request.baseUid),
        request.target,
        request.upper,
        request.work,
        request.clones,
        request.skeleton,
        ...request.layers,
      ),
    bindMapped: (baseUid, source, target) => call("bind", String(baseUid), source, target),
    makePrivate: (directory) => call("private", directory),
    makePipes: (uid, paths) => call("pipes", String(uid), ...paths),
    connectNetwork: ({ pid, name, mtu, address, mac, gateway, gatewayMac }) =>
      call("connect", String(pid), name, String(mtu), address, mac, gateway, gatewayMac),
    mountScratch: (template, image, target) => call("scratch", template, image, target),
    mountImage: (image, target) => call("image", image, target),
    unmount: (paths) => (paths.length === 0 ? Promise.resolve() : call("unmount", ...paths)),
    close: () => running?.child.stdin.end(),
  };
}

/** Pure: the line of one request. */
export function encodeRequest(sequence: number, operation: string, fields: readonly string[]): string {
  return `${[String(sequence), operation, ...fields].map(encodeField).join("\t")}\n`;
}

function encodeField(text: string): string {
  return text.replace(/[%\t\n\r]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

function startHelper(onEnd: (ended: Running) => void): Running {
  const child = spawn("perl", [SCRIPT], { stdio: ["pipe", "pipe", "pipe"], env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } });
  const self: Running = { child, waiting: new Map() };
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => answer(self, line));
  child.stdin.on("error", () => {}); // its end is reported by `close`
  child.on("error", (error) => {
    complaint += error.message;
  });
  child.on("close", (code) => {
    onEnd(self);
    for (const waiting of self.waiting.values()) waiting.reject(helperError(waiting.operation, `the helper ended (${code}) ${complaint}`));
    self.waiting.clear();
  });
  for (const stream of [child.stdin, child.stderr]) refStream(stream, false);
  return self;
}

/** The helper keeps this process alive only while something waits for it. */
function rest(self: Running): void {
  if (self.waiting.size > 0) return;
  self.child.unref();
  refStream(self.child.stdout, false);
}

function refStream(stream: unknown, alive: boolean): void {
  const socket = stream as Socket;
  if (alive) socket.ref();
  else socket.unref();
}

function answer(self: Running, line: string): void {
  const [sequence, outcome, text] = line.split("\t");
  const waiting = self.waiting.get(Number(sequence));
  if (waiting === undefined) return;
  self.waiting.delete(Number(sequence));
  rest(self);
  if (outcome === "ok") waiting.resolve();
  else waiting.reject(helperError(waiting.operation, text ?? ""));
}

function helperError(operation: string, text: string): PushboatError {
  return new PushboatError({ code: "engine/kernel", message: `kernel helper, ${operation}: ${text.trim()}`, kind: "platform" });
}
