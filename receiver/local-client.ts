/** `./pushboat COMMAND ...`: hands a command to the platform and its streams to the user. Run by the launcher as `node receiver/local-client.ts ARGS`. */
import { spawn, spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { parseSettings } from "../core/settings.ts";
import { type ClientPlan, planClient, splitDataOption } from "./local/client-plan.ts";
import { encodeFrame, FRAME, type Frame, FrameParser, type Hello } from "./local/frames.ts";
import { adminSocketPath } from "./local/place.ts";

const FAILED = 1;

function main(): void {
  const { argv, dataDirectory } = splitDataOption(process.argv.slice(2));
  const given = dataDirectory ?? process.env["PUSHBOAT_DATA"] ?? null;
  const remoteUrl = given === null ? remoteOfCurrentDirectory() : null;
  const plan = planClient({ argv, dataDirectory: given, remoteUrl, interactive: process.stdin.isTTY === true });
  carryOut(plan);
}

function carryOut(plan: ClientPlan): void {
  if (plan.kind === "refuse") fail(plan.message, plan.hint);
  else if (plan.kind === "ssh") overSsh(plan.argv);
  else overSocket(plan.dataDirectory, plan.argv);
}

function remoteOfCurrentDirectory(): string | null {
  const asked = spawnSync("git", ["remote", "get-url", "pushboat"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return asked.status === 0 ? asked.stdout.trim() : null;
}

function overSsh(argv: readonly string[]): void {
  const ssh = spawn("ssh", argv, { stdio: "inherit" });
  // Ctrl-C is for ssh, which has the terminal.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => ssh.kill(signal));
  ssh.on("error", () => fail("ssh is not installed", "apt-get install openssh-client"));
  ssh.on("close", (code) => {
    process.exitCode = code ?? FAILED;
  });
}

function overSocket(dataDirectory: string | null, argv: readonly string[]): void {
  const data = realDirectory(dataDirectory ?? "/var/lib/pushboat");
  const { runDirectory } = parseSettings({ PUSHBOAT_DATA: data });
  const socket = connect(adminSocketPath(runDirectory));
  socket.on("connect", () => converse(socket, argv));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EACCES")
      fail("Only root reaches the platform of this machine directly", "Use sudo, or go over SSH like everybody else.");
    else fail(`The platform of ${data} does not answer (${error.code ?? error.message})`, "Is it up?  sudo ./pushboat up");
  });
}

function converse(socket: Socket, argv: readonly string[]): void {
  const { stdin, stdout, stderr } = process;
  const interactive = stdin.isTTY === true && stdout.isTTY === true;
  const size = () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 });
  const hello: Hello = { argv, terminal: interactive ? { type: process.env["TERM"] ?? "dumb", ...size() } : null };
  if (interactive) stdin.setRawMode(true);
  for (const name of ["INT", "TERM", "HUP"] as const) process.on(`SIG${name}`, () => socket.write(encodeFrame(FRAME.signal, name)));
  // Last: from here on somebody may answer, or interrupt.
  socket.write(encodeFrame(FRAME.hello, JSON.stringify(hello)));

  if (interactive) stdout.on("resize", () => socket.write(encodeFrame(FRAME.resize, JSON.stringify(size()))));
  stdin.on("data", (chunk: Buffer) => {
    if (!socket.write(encodeFrame(FRAME.stdin, chunk))) stdin.pause();
  });
  socket.on("drain", () => stdin.resume());
  stdin.on("end", () => socket.write(encodeFrame(FRAME.stdinEnd)));
  // A reader like `head` that has seen enough.
  for (const stream of [stdout, stderr]) stream.on("error", () => socket.destroy());

  let exitCode: number | null = null;
  const show = (stream: NodeJS.WriteStream, payload: Buffer): void => {
    if (stream.write(payload)) return;
    socket.pause();
    stream.once("drain", () => socket.resume());
  };
  const take = ({ kind, payload }: Frame): void => {
    if (kind === FRAME.stdout) show(stdout, payload);
    else if (kind === FRAME.stderr) show(stderr, payload);
    else if (kind === FRAME.exit) {
      exitCode = Number(payload.toString("latin1"));
      // Nobody reads the rest of our input: waiting until it is sent would be for ever (seen with 3 MB and a misspelt app).
      socket.destroy();
    }
  };
  const parser = new FrameParser();
  socket.on("data", (chunk) => {
    for (const frame of parser.push(chunk)) take(frame);
  });
  socket.on("close", () => {
    if (interactive) stdin.setRawMode(false);
    if (exitCode === null) fail("The platform went away before the command was done", "Its state:  sudo ./pushboat status");
    else process.exitCode = exitCode;
    // Whatever is still typed is nobody's: without this an open stdin would keep us here.
    stdin.destroy();
  });
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return resolve(directory);
  }
}

function fail(message: string, hint: string): void {
  process.stderr.write(` !     ${message}\n !     ${hint}\n`);
  process.exitCode = FAILED;
}

main();
