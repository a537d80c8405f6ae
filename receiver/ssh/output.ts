/**
 * Writing to an SSH channel. ssh2 keeps one pending chunk for stdout and one for stderr and resumes only one of them, the old one
 * again (server.js, CHANNEL_WINDOW_ADJUST), and never calls back once the channel is closed. So: one write at a time over both,
 * the kept chunk forgotten after each, and a closed channel swallows what comes.
 */
import { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { ServerChannel } from "ssh2";

export interface ChannelOutput {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** After everything was written: exit status, then the end (not close: ssh2 #1508). */
  finish(exitCode: number): Promise<void>;
}

export function createChannelOutput(channel: ServerChannel): ChannelOutput {
  const closed = new Promise<void>((resolve) => channel.once("close", () => resolve()));
  let open = true;
  void closed.then(() => {
    open = false;
  });
  let turn: Promise<void> = Promise.resolve();
  const send = (target: Writable, chunk: Buffer): Promise<void> => {
    turn = turn.then(() => (open ? Promise.race([closed, write(target, chunk)]) : undefined));
    return turn;
  };
  const write = (target: Writable, chunk: Buffer): Promise<void> =>
    new Promise((resolve) => {
      target.write(chunk, () => {
        Object.assign(channel, { _chunk: undefined, _chunkcb: undefined, _chunkErr: undefined, _chunkcbErr: undefined });
        resolve();
      });
    });
  const writable = (target: Writable): Writable =>
    new Writable({
      decodeStrings: true,
      write: (chunk: Buffer, _encoding, done) => {
        send(target, chunk).then(() => done(), done);
      },
    });
  const stdout = writable(channel);
  const stderr = writable(channel.stderr);
  return {
    stdout,
    stderr,
    finish: async (exitCode) => {
      await Promise.all([settle(stdout), settle(stderr)]);
      if (!open) return;
      channel.exit(exitCode);
      channel.end();
    },
  };
}

async function settle(stream: Writable): Promise<void> {
  if (!stream.writableEnded) stream.end();
  await finished(stream).catch(() => {});
}
