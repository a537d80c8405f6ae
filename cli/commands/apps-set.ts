/** apps:set: one setting of an app. */
import { printable } from "../../core/index.ts";
import { type AppCommand, result } from "../command.ts";

export const appsSet: AppCommand = {
  name: "apps:set",
  summary: "Change a setting of an app",
  details: [
    "Settings:",
    "  production-branch  the branch whose pushes go to production",
    "  branch-ttl         a branch's environment ends after this long without a push: 12h, 5d (default), never",
    "  branch-limit       how many branch environments the app may have (default 50)",
    "  protect-branches   on: new branch environments ask for a password",
    "  sleep-after        branch environments sleep after this long without a request: 30m (default), 2h, never",
    "  production-sleep-after  the same for production (default never)",
    "  sleep              stop (default) or freeze: how they sleep",
    "  max-body           longer request bodies are refused with 413: 512k, 10m, 1g (default: no limit)",
    "  max-requests       requests of an environment at once; more are refused with 503 (default: no limit)",
    "  allow-ips          only these may come, others get 403: 203.0.113.7,10.0.0.0/8 (default: everybody)",
    "  www-redirect       where an environment has example.com and www.example.com: apex sends www. to the other, www the other way",
    "  sticky             on: a visitor comes back to the same instance, by a cookie (default off)",
    "Without a value the setting goes back to its default.",
  ].join("\n"),
  target: "app",
  words: [
    { name: "SETTING", description: "its name, or SETTING=VALUE", required: true },
    { name: "VALUE", description: "its new value", required: false },
  ],
  examples: ["apps:set blog production-branch release", "apps:set blog production-branch"],
  json: "{name, setting, value}",
  prepare: ({ target, words }) => {
    const { setting, value } = parseSetting(words);
    return async ({ control, actor, progress }) => {
      progress.begin(printable(value === null ? `Unsetting ${setting} of ${target}` : `Setting ${setting} of ${target} to ${value}`));
      await control.setAppSetting(target, setting, value, actor);
      progress.done();
      return result({ name: target, setting, value });
    };
  },
};

/** `SETTING VALUE`, `SETTING=VALUE` or `SETTING`. */
function parseSetting([first = "", second]: readonly string[]): { readonly setting: string; readonly value: string | null } {
  const equals = second === undefined ? first.indexOf("=") : -1;
  const setting = equals < 0 ? first : first.slice(0, equals);
  const value = equals < 0 ? (second ?? "") : first.slice(equals + 1);
  return { setting, value: value === "" ? null : value };
}
