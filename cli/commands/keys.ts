/** keys: who may push and give commands over SSH. */
import type { KeySummary } from "../../control/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const KEY_SHAPE = "{name, fingerprint, created}";

export const keys: PlainCommand = {
  name: "keys",
  aliases: ["keys:list"],
  summary: "List the SSH keys of administrators",
  target: "none",
  words: [],
  examples: ["keys"],
  json: `[${KEY_SHAPE}]`,
  prepare:
    () =>
    async ({ control, progress, nowMs }) => {
      const all = await control.keys();
      if (all.length === 0) progress.note("There are no keys yet: keys:add NAME < key.pub");
      const rows = all.map(({ name, fingerprint, createdMs }) => [name, fingerprint, when(createdMs, nowMs)]);
      return result(all.map(keyJson), all.length === 0 ? [] : [heading("Keys"), ...table(rows)]);
    },
};

export function keyJson({ name, fingerprint, createdMs }: KeySummary): unknown {
  return { name, fingerprint, created: isoTime(createdMs) };
}
