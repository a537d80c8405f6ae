/** The client's streams and terminal, for a command in a container. */
import type { CommandRequest, OneOffIo, TerminalSize } from "../core/index.ts";

export function oneOffIo({ stdin, stdout, stderr, terminal, onSignal }: CommandRequest): OneOffIo {
  const io = { stdin, stdout, stderr, onSignal };
  if (terminal === null) return { ...io, terminal: null };
  const onResize = (listener: (size: TerminalSize) => void) => terminal.onResize(listener);
  return { ...io, terminal: { type: terminal.type, ...terminal.size(), onResize } };
}
