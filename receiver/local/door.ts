/** The local door: commands from root on this machine, over a socket in a directory that only root enters. */
import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { PassThrough, Writable } from "node:stream";
import type { Logger } from "pino";
import { asPushboatError, type CommandHandler, type Identity, renderError, type TerminalSize } from "../../core/index.ts";
import { createSignalBox } from "../signals.ts";
import { createDoorTerminal, type DoorTerminal } from "../terminal.ts";
import { encodeFrame, FRAME, type Frame, FrameParser, type Hello } from "./frames.ts";

export interface LocalDoor {
  listen(socketPath: string): Promise<void>;
  close(): Promise<void>;
}

export interface LocalDoorDependencies {
  readonly commands: CommandHandler;
  readonly log: Logger;
}

const IDENTITY: Identity = { name: "root@server", via: "local", role: "admin", from: "local" };

export function createLocalDoor(dependencies: LocalDoorDependencies): LocalDoor {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serveClient(socket, dependencies);
  });
  return {
    listen: async (socketPath) => {
      await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
      await chmod(dirname(socketPath), 0o700);
      await rm(socketPath, { force: true });
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(socketPath, resolve);
      });
      await chmod(socketPath, 0o600);
    },
    close: async () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await ended;
    },
  };
}

function serveClient(socket: Socket, { commands, log }: LocalDoorDependencies): void {
  const parser = new FrameParser();
  const stdin = new PassThrough();
  const signals = createSignalBox();
  const gone = new AbortController();
  let terminal: DoorTerminal | null = null;
  let started = false;
  socket.on("error", () => {});
  socket.once("close", () => {
    gone.abort(new Error("the client has gone"));
    stdin.end();
  });

  const begin = (hello: Hello): void => {
    if (started) return;
    started = true;
    if (hello.terminal !== null) terminal = createDoorTerminal(hello.terminal.type, hello.terminal.columns, hello.terminal.rows);
    const stdout = frameWriter(socket, FRAME.stdout);
    const stderr = frameWriter(socket, FRAME.stderr);
    const request = {
      argv: hello.argv,
      identity: IDENTITY,
      stdin,
      stdout,
      stderr,
      terminal: terminal?.terminal ?? null,
      disconnected: gone.signal,
      onSignal: signals.onSignal,
    };
    void Promise.resolve()
      .then(() => commands(request))
      .catch((thrown) => {
        log.error({ err: thrown }, "a local command failed");
        stderr.write(`${renderError(asPushboatError(thrown)).join("\n")}\n`);
        return 1;
      })
      .then(async (exitCode) => {
        await Promise.all([settle(stdout), settle(stderr)]);
        if (socket.writable) socket.end(encodeFrame(FRAME.exit, String(exitCode)));
      });
  };

  const take = ({ kind, payload }: Frame): void => {
    switch (kind) {
      case FRAME.hello:
        begin(JSON.parse(payload.toString("utf8")) as Hello);
        return;
      case FRAME.stdin:
        if (!stdin.writableEnded && !stdin.write(payload)) {
          socket.pause();
          stdin.once("drain", () => socket.resume());
        }
        return;
      case FRAME.stdinEnd:
        stdin.end();
        return;
      case FRAME.resize:
        {
          const { columns, rows } = JSON.parse(payload.toString("utf8")) as TerminalSize;
          terminal?.resize(columns, rows);
        }
        return;
      case FRAME.signal:
        if (!signals.raise(payload.toString("latin1"))) gone.abort(new Error("interrupted"));
        return;
    }
  };
  socket.on("data", (chunk) => {
    try {
      for (const frame of parser.push(chunk)) take(frame);
    } catch (error) {
      log.warn({ err: error }, "a local client sent what cannot be read");
      socket.destroy();
    }
  });
  // Only a whole hang-up is an end: a client that has no more input says stdinEnd.
  socket.once("end", () => socket.end());
}

function frameWriter(socket: Socket, kind: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!socket.writable) return done();
      socket.write(encodeFrame(kind, chunk), () => done());
    },
  });
}

function settle(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableFinished || stream.destroyed) return resolve();
    stream
      .once("finish", resolve)
      .once("close", resolve)
      .once("error", () => resolve());
    if (!stream.writableEnded) stream.end();
  });
}
