/** images:export: the current release's image as an OCI layout, into a directory of the server. */
import { PushboatError, quote } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";

export const imagesExport: EnvironmentCommand = {
  name: "images:export",
  summary: "Write the current release's image into a directory as an OCI layout",
  details: "Only on the server itself (sudo ./pushboat images:export ...), since it writes where you say, as root.",
  target: "environment",
  words: [{ name: "oci:DIR", description: "an absolute path on the server", required: true, pattern: /^oci:/ }],
  examples: ["images:export blog oci:/tmp/blog"],
  json: "{environment, directory, digest}",
  prepare: ({ target, words }) => {
    const directory = parseLayoutDirectory(words[0] ?? "");
    return async ({ control, actor, progress }) => {
      progress.begin(`Exporting ${target.name} to ${directory}`);
      const { digest } = await control.exportImage(target, directory, actor);
      progress.done();
      return result({ environment: target.name, directory, digest }, [digest]);
    };
  },
};

function parseLayoutDirectory(text: string): string {
  const match = /^oci:(\/[^\0\n\r]+)$/.exec(text);
  if (match?.[1] === undefined || match[1].split("/").includes("..") || text.length > 1000) {
    throw new PushboatError({
      code: "images/directory",
      message: `${quote(text)} is not oci: and an absolute path`,
      hint: 'For example: images:export blog oci:/tmp/blog (or oci:"$PWD"/blog)',
    });
  }
  return match[1];
}
