/** apps:deploy: an image that was built elsewhere becomes a release. */
import { type ImageSource, PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { OUTCOME_SHAPE, outcomeJson } from "../json-forms.ts";
import { outcomeText } from "../outcome.ts";

export const appsDeploy: EnvironmentCommand = {
  name: "apps:deploy",
  summary: "Release an image from a registry, or from a file of the server",
  details:
    "docker://HOST/NAME:TAG (log in with registry:login), or on the server itself: oci-archive:FILE, docker-archive:FILE (docker save), oci:DIR, each with an absolute path and :NAME behind it where there are several images.",
  target: "environment",
  words: [{ name: "IMAGE", description: "where the image is", required: true, pattern: /^(?:docker|oci|oci-archive|docker-archive):/ }],
  examples: ["apps:deploy blog docker://registry.example.com/team/blog:v3", "apps:deploy blog oci-archive:/tmp/blog.tar"],
  json: OUTCOME_SHAPE,
  prepare: ({ target, words }) => {
    const source = parseImageSource(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Deploying ${words[0]} to ${target.name}`);
      const outcome = await control.deployImage(target, source, actor);
      progress.done(outcomeText(outcome));
      return result(outcomeJson(outcome));
    };
  },
};

/** Nothing in it may look like an option or leave its place: it goes to skopeo as one word. */
export function parseImageSource(text: string): ImageSource {
  const registry = /^docker:\/\/([a-z0-9][A-Za-z0-9._:/@-]{1,500})$/.exec(text)?.[1];
  if (registry?.includes("/") === true) return { kind: "docker", reference: registry };
  const [, kind, path, name] =
    /^(oci-archive|docker-archive|oci):(\/[^:\0\r\n]{1,1000})(?::([A-Za-z0-9][A-Za-z0-9._:/@-]{0,500}))?$/.exec(text) ?? [];
  if (path !== undefined && !path.split("/").includes("..")) {
    return { kind: kind as "oci-archive" | "docker-archive" | "oci", path, name: name ?? null };
  }
  throw new PushboatError({
    code: "images/source",
    message: `${quote(text)} does not say where an image is`,
    hint: "For example: docker://registry.example.com/team/blog:v3, oci-archive:/tmp/blog.tar, docker-archive:/tmp/blog.tar, oci:/tmp/blog",
  });
}
