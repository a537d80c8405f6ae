/** keys: who may push and give commands over SSH. */
import type { KeySummary } from "../../control/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { describeRights, RIGHTS_SHAPE } from "../rights.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const KEY_SHAPE = `{name, fingerprint, ${RIGHTS_SHAPE}, created}`;

export const keys: PlainCommand = {
  name: "keys",
  aliases: ["keys:list"],
  summary: "List the SSH keys and what each may do",
  target: "none",
  words: [],
  examples: ["keys"],
  json: `[${KEY_SHAPE}]`,
  prepare:
    () =>
    async ({ control, progress, nowMs }) => {
      const all = await control.keys();
      if (all.length === 0) progress.note("There are no keys yet: keys:add NAME < key.pub");
      const rows = all.map((key) => [key.name, key.fingerprint, describeRights(key), when(key.createdMs, nowMs)]);
      return result(all.map(keyJson), all.length === 0 ? [] : [heading("Keys"), ...table(rows)]);
    },
};

export function keyJson({ name, fingerprint, role, app, branches, createdMs }: KeySummary): unknown {
  return { name, fingerprint, role, app, branches, created: isoTime(createdMs) };
}
