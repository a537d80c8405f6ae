/** Which buildpacks a repository names, in order: `build.buildpack` of pushboat.yml, else `buildpacks` of app.json. */
import { type AppJson, PushboatError, quote } from "../core/index.ts";

export interface NamedBuildpack {
  /** `pushboat.yml: build/buildpack`. */
  readonly where: string;
  /** As it is written there. */
  readonly name: string;
  /** What it may mean: the first that takes the tree. */
  readonly ids: readonly string[];
}

/** Empty: none is named. */
export function namedBuildpacks(buildpack: string | readonly string[] | undefined, appJson: AppJson): readonly NamedBuildpack[] {
  if (buildpack !== undefined) return fromYml(buildpack);
  return (appJson.buildpacks ?? []).flatMap(({ url }, index) => fromUrl(url, `app.json: buildpacks/${index}/url`));
}

function fromYml(buildpack: string | readonly string[]): readonly NamedBuildpack[] {
  const names = typeof buildpack === "string" ? [buildpack] : buildpack;
  const where = "pushboat.yml: build/buildpack";
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused(`${where}: ${quote(twice)} stands there twice`, "Name each buildpack once.");
  if (names.length > 1 && names.includes("dockerfile"))
    throw refused(`${where}: a Dockerfile builds an app alone`, "Name either dockerfile or buildpacks.");
  return names.map((name) => ({ where, name, ids: [name] }));
}

/** Heroku's names for what has other ids here. */
const HEROKU_IDS: Readonly<Record<string, readonly string[]>> = {
  nodejs: ["node", "static-build"],
  "create-react-app": ["static-build"],
  static: ["static-build", "static"],
  nginx: ["static-build", "static"],
  jvm: ["java"],
  gradle: ["gradle", "java"],
};

/** `heroku/nodejs`, `https://github.com/heroku/heroku-buildpack-python.git#v200`, `urn:buildpack:heroku/go`. */
function fromUrl(url: string, where: string): readonly NamedBuildpack[] {
  const plain = url.replace(/[#?].*$/, "").replace(/(?:\.git|\.tgz|\/+)$/, "");
  const name = plain.slice(plain.search(/[^/:]*$/)).replace(/^heroku-buildpack-/, "");
  // An Aptfile is read by every buildpack here.
  if (name === "apt") return [];
  return [{ where, name: url, ids: HEROKU_IDS[name] ?? [name] }];
}

function refused(message: string, hint: string): PushboatError {
  return new PushboatError({ code: "build/buildpacks", message, hint });
}
