/** keys:add: a public key, as an argument or on stdin. */
import { parseKeyName } from "../../core/index.ts";
import { type PlainCommand, result } from "../command.ts";
import { parseRights, RIGHTS_OPTIONS } from "../rights.ts";
import { KEY_SHAPE, keyJson } from "./keys.ts";

export const keysAdd: PlainCommand = {
  name: "keys:add",
  summary: "Let the owner of an SSH key push and give commands",
  details: "The public key is one line as in ~/.ssh/id_ed25519.pub. --app APP limits the key to one app.",
  target: "none",
  words: [
    { name: "NAME", description: "whose key it is", required: true },
    { name: "PUBLIC-KEY", description: "the key; left out: read from stdin", required: false, many: true },
  ],
  options: RIGHTS_OPTIONS,
  examples: [
    "keys:add ci --app blog --branches 'feature/*' --role deploy < ci.pub",
    "keys:add alice < alice.pub",
    "keys:add alice ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA...",
  ],
  json: KEY_SHAPE,
  prepare: ({ words: [nameText = "", ...keyWords], value }) => {
    const rights = parseRights({ value }, "admin");
    const name = parseKeyName(nameText);
    return async ({ control, actor, input, progress }) => {
      const publicKey = keyWords.length > 0 ? keyWords.join(" ") : await input.text("the public key");
      progress.begin(`Adding the key ${name}`);
      const key = await control.addKey(name, publicKey, rights, actor);
      progress.done();
      return result(keyJson(key), [key.fingerprint]);
    };
  },
};
