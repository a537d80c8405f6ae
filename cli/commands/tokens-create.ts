/** tokens:create: a token for git over HTTP, shown this once. */
import { parseKeyName } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { parseCount } from "../numbers.ts";
import { parseRights, RIGHTS_OPTIONS } from "../rights.ts";
import { DAY_MS, isoTime } from "../when.ts";

const DEFAULT_DAYS = 90;

export const tokensCreate: PlainCommand = {
  name: "tokens:create",
  summary: "Make a token for git over HTTP; it is shown this once",
  details: "It is the password; the user name may be anything. --app APP limits the token to one app.",
  target: "none",
  words: [{ name: "NAME", description: "what it is for", required: true }],
  options: [...RIGHTS_OPTIONS, { flags: "--days N", description: `how long it works (default ${DEFAULT_DAYS})` }],
  examples: ["tokens:create ci", "tokens:create ci --days 7"],
  json: "{name, token, created, expires}",
  prepare: ({ words, value }) => {
    const name = parseKeyName(words[0] ?? "");
    const rights = parseRights({ value }, "deploy");
    const days = parseCount(value("days") ?? String(DEFAULT_DAYS), { what: "--days", least: 1, most: 3650 });
    return async ({ control, actor, progress }) => {
      progress.begin(`Making the token ${name}`);
      const { token, createdMs, expiresMs } = await control.createToken(name, days * DAY_MS, rights, actor);
      progress.done(`done, works for ${days} ${days === 1 ? "day" : "days"}; it is not shown again`);
      return result({ name, token, created: isoTime(createdMs), expires: isoTime(expiresMs) }, [token]);
    };
  },
};
