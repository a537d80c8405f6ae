/**
 * Keeps the output of containers readable when their conmon is killed: without a reader an app's next line of log is an EPIPE, which
 * ends most programs. Each pipe is held open here too, unread; when the monitor is gone, its log is written from here.
 */
import { appendFileSync, closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { isAlive } from "../kernel/process.ts";
import { createLineSplitter } from "./lines.ts";
import type { ContainerRecord } from "./record.ts";

export interface OutputKeeper {
  /** A running container; does nothing where its pipes cannot be opened. */
  hold(record: ContainerRecord): void;
  letGo(id: string): void;
  close(): void;
}

export interface OutputKeeperOptions {
  readonly onTakenOver: (id: string) => void;
  readonly now: () => Date;
}

interface Held {
  readonly record: ContainerRecord;
  readonly pipes: readonly Pipe[];
}

interface Pipe {
  readonly stream: "stdout" | "stderr";
  readonly descriptor: number;
  /** Once we read it ourselves. */
  socket: Socket | null;
}

/** A pipe holds 64 KB until we look. */
const LOOK_EVERY_MS = 500;

export function createOutputKeeper({ onTakenOver, now }: OutputKeeperOptions): OutputKeeper {
  const held = new Map<string, Held>();
  let timer: NodeJS.Timeout | null = null;

  const look = (): void => {
    for (const { record, pipes } of held.values()) {
      const { init, monitor } = record;
      if (pipes.some((pipe) => pipe.socket !== null) || monitor === null || isAlive(monitor.pid, monitor.startTicks)) continue;
      // conmon ends behind its container: nobody writes any more, and the exit code is there
      if (init === null || !isAlive(init.pid, init.startTicks)) continue;
      onTakenOver(record.id);
      for (const pipe of pipes) pipe.socket = readInto(record.logFile, pipe, now);
    }
  };
  const rest = (): void => {
    if (held.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };

  return {
    hold(record) {
      if (record.init === null || held.has(record.id)) return;
      held.set(record.id, { record, pipes: openPipes(record.init.pid) });
      timer ??= setInterval(look, LOOK_EVERY_MS).unref();
    },
    letGo(id) {
      for (const pipe of held.get(id)?.pipes ?? []) closePipe(pipe);
      held.delete(id);
      rest();
    },
    close() {
      for (const id of [...held.keys()]) this.letGo(id);
    },
  };
}

/** One line in conmon's k8s-file format. Pure. */
export function logLine(time: Date, stream: "stdout" | "stderr", text: string): string {
  return `${time.toISOString().replace("Z", "000000+00:00")} ${stream} F ${text}\n`;
}

/** init keeps what it was given, whatever the command does with its own. */
function openPipes(pid: number): readonly Pipe[] {
  return ([1, 2] as const).flatMap((number) => {
    try {
      const descriptor = openSync(`/proc/${pid}/fd/${number}`, constants.O_RDONLY | constants.O_NONBLOCK);
      return [{ stream: number === 1 ? ("stdout" as const) : ("stderr" as const), descriptor, socket: null }];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

function readInto(logFile: string, pipe: Pipe, now: () => Date): Socket {
  const splitter = createLineSplitter((line) => appendLine(logFile, logLine(now(), pipe.stream, line)));
  const socket = new Socket({ fd: pipe.descriptor, readable: true, writable: false });
  socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  socket.on("error", () => {}); // followed by close
  socket.on("close", () => splitter.end());
  socket.unref();
  return socket;
}

/** By name each time, so that a rotated log needs no word from anybody. */
function appendLine(logFile: string, line: string): void {
  try {
    appendFileSync(logFile, line);
  } catch {
    // a full disk or a removed directory: the app must not feel it
  }
}

function closePipe(pipe: Pipe): void {
  if (pipe.socket === null) closeSync(pipe.descriptor);
  else pipe.socket.destroy();
}
