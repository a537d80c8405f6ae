/** tokens: who may push over HTTP. */
import type { TokenSummary } from "../../control/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { describeRights, RIGHTS_SHAPE } from "../rights.ts";
import { heading, table } from "../table.ts";
import { isoTime, when } from "../when.ts";

export const tokens: PlainCommand = {
  name: "tokens",
  aliases: ["tokens:list"],
  summary: "List the tokens for git over HTTP",
  target: "none",
  words: [],
  examples: ["tokens"],
  json: `[{name, ${RIGHTS_SHAPE}, created, expires}]`,
  prepare:
    () =>
    async ({ control, progress, nowMs }) => {
      const all = await control.tokens();
      if (all.length === 0) progress.note("There are no tokens yet: tokens:create NAME");
      const rows = all.map((token) => [token.name, describeRights(token), when(token.createdMs, nowMs), expiry(token, nowMs)]);
      return result(all.map(tokenJson), all.length === 0 ? [] : [heading("Tokens"), ...table(rows)]);
    },
};

function expiry({ expiresMs }: TokenSummary, nowMs: number): string {
  return expiresMs <= nowMs ? "expired" : `expires ${isoTime(expiresMs).slice(0, 10).replaceAll("-", "/")}`;
}

function tokenJson({ name, role, app, branches, createdMs, expiresMs }: TokenSummary): unknown {
  return { name, role, app, branches, created: isoTime(createdMs), expires: isoTime(expiresMs) };
}
