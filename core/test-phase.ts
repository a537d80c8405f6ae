/** What a commit says about its own tests: pushboat.yml's `test`, else app.json's environments.test.scripts.test (Heroku CI's place). */
import { parseAppJson } from "./app-json.ts";
import type { ManifestFiles } from "./manifest.ts";
import { parsePushboatYml } from "./pushboat-yml.ts";

export interface TestPhase {
  /** Run by /bin/sh -c. */
  readonly command: string;
  readonly from: "pushboat.yml" | "app.json";
  /** environments.test.env: plain values only; the environment's config is not for tests. */
  readonly env: Readonly<Record<string, string>>;
}

/** null: there are none. */
export function readTestPhase({ appJson, pushboatYml }: ManifestFiles): TestPhase | null {
  const section = appJson === null ? undefined : parseAppJson(appJson).environments?.["test"];
  const env = Object.fromEntries(
    Object.entries(section?.env ?? {}).flatMap(([key, rule]) => {
      const value = typeof rule === "string" ? rule : rule.value;
      return value === undefined ? [] : [[key, value]];
    }),
  );
  const own = pushboatYml === null ? undefined : parsePushboatYml(pushboatYml).test;
  if (own !== undefined) return { command: own, from: "pushboat.yml", env };
  const command = section?.scripts?.test;
  return command === undefined ? null : { command, from: "app.json", env };
}
