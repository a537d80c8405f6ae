/** config:set: one atomic change of any number of values. */
import { configAssignment, PushboatError, parseConfigAssignment, parseConfigKey } from "../../core/index.ts";
import type { EnvironmentCommand } from "../command.ts";
import { changeConfig } from "../config-change.ts";
import { OUTCOME_SHAPE } from "../json-forms.ts";

export const configSet: EnvironmentCommand = {
  name: "config:set",
  summary: "Set config values: one change, one new release",
  details:
    "The environment is released again with the new config. If that fails, config and release stay as they were.\n" +
    "Everything behind the first = is the value; quote what your shell would split. --stdin KEY sets KEY to all of stdin " +
    "(without one line break at its end), for keys, certificates and other values with line breaks.",
  target: "environment",
  words: [{ name: "KEY=VALUE", description: "a key and its value", required: false, many: true, pattern: /=/ }],
  options: [
    { flags: "--stdin KEY", description: "the key whose value is read from stdin" },
    { flags: "--shared", description: "let branches see these keys too (only for production)" },
  ],
  examples: ["config:set blog GREETING=hello MOTTO='x y'", "config:set blog --stdin TLS_KEY < key.pem"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words, value, flag }) => {
    const shared = flag("shared");
    if (shared && target.branch !== null) throw notProduction(target.app);
    const assignments = words.map(parseConfigAssignment);
    const stdinKey = value("stdin") === null ? null : parseConfigKey(value("stdin") ?? "");
    if (assignments.length === 0 && stdinKey === null) throw nothingToSet();
    return async (session) => {
      const read =
        stdinKey === null ? [] : [configAssignment(stdinKey, (await session.input.text(`the value of ${stdinKey}`)).replace(/\r?\n$/, ""))];
      const values = Object.fromEntries([...assignments, ...read].map((each) => [each.key, each.value]));
      if (shared) await session.control.shareKeys(target.app, Object.keys(values), true, session.actor);
      return changeConfig(session, target, values);
    };
  },
};

function nothingToSet(): PushboatError {
  return new PushboatError({
    code: "usage/missing-word",
    message: "config:set needs KEY=VALUE",
    hint: "For example: config:set blog GREETING=hello",
  });
}

function notProduction(app: string): PushboatError {
  return new PushboatError({
    code: "config/shared-branch",
    message: "only production's keys are shared",
    hint: `Set it for production: config:set ${app} --shared KEY=VALUE`,
  });
}
