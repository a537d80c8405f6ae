/** One command from somebody at a door: SSH or the local socket. */
import type { Readable, Writable } from "node:stream";
import type { Identity } from "./identity.ts";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The client has put its terminal into raw mode: bytes pass untouched both ways, line ends and keys are the command's business. */
export interface Terminal {
  /** The client's TERM. */
  readonly type: string;
  readonly size: () => TerminalSize;
  readonly onResize: (listener: (size: TerminalSize) => void) => void;
}

export interface CommandRequest {
  /**
   * Split by POSIX quoting, without any expansion. Empty: nothing was asked for (help). A client that knows the app of the directory it
   * stands in puts `-a APP` right behind the command's name (behind the last word it would be part of `run`'s command line), unless
   * -a or --app was typed; a target that was typed wins over it.
   */
  readonly argv: readonly string[];
  readonly identity: Identity;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** null where the client has none. */
  readonly terminal: Terminal | null;
  /** Aborted when the client goes. */
  readonly disconnected: AbortSignal;
  /** Signals that the client sends: `INT`, `TERM`, ... without SIG. */
  readonly onSignal: (listener: (name: string) => void) => void;
}

/** Exit code: 0 done, 1 failed, 2 wrong usage; `run` gives the command's own. */
export type CommandHandler = (request: CommandRequest) => Promise<number>;
