/** Where an image comes from, as skopeo says it. Pure. */
import { type ImageSource, PushboatError, quote, type RegistryLogin } from "../../core/index.ts";

/** Where the file or directory is inside the sandbox. */
export const INSIDE_SOURCE = "/image";

export function skopeoSource(source: ImageSource): string {
  if (source.kind === "docker") return `docker://${source.reference}`;
  return `${source.kind}:${INSIDE_SOURCE}${source.name === null ? "" : `:${source.name}`}`;
}

/** containers-auth.json(5). */
export function authFile(logins: readonly RegistryLogin[]): string {
  return JSON.stringify({
    auths: Object.fromEntries(
      logins.map(({ host, user, password }) => [host, { auth: Buffer.from(`${user}:${password}`).toString("base64") }]),
    ),
  });
}

/** $1: what to copy. The password is in memory only: /dev/shm is the sandbox's own tmpfs. */
export const COPY_SCRIPT = `
if [ -n "$PUSHBOAT_REGISTRIES" ]; then
  umask 077
  printf %s "$PUSHBOAT_REGISTRIES" > /dev/shm/auth.json
  set -- "$1" --src-authfile /dev/shm/auth.json
  unset PUSHBOAT_REGISTRIES
fi
source=$1; shift
umask 022
exec skopeo copy --quiet --retry-times 2 --dest-decompress "$@" "$source" dir:/out
`;

export function copyFailure(source: ImageSource, lastLines: readonly string[]): PushboatError {
  const said = lastLines.findLast((line) => /level=fatal|^Error|FATA/.test(line)) ?? lastLines.at(-1) ?? "no output";
  const why = /msg="((?:[^"\\]|\\.)*)"/.exec(said)?.[1]?.replace(/\\(["\\])/g, "$1") ?? said;
  const what = source.kind === "docker" ? source.reference : `${source.kind}:${source.path}`;
  const denied = /unauthorized|authentication required|denied|forbidden/i.test(why);
  return new PushboatError({
    code: denied ? "image/denied" : "image/fetch",
    message: `${quote(what)} could not be taken: ${why.split(": ").slice(-3).join(": ")}`,
    hint: denied
      ? "Log in first: registry:login APP HOST USER (the password on stdin)"
      : source.kind === "docker"
        ? "Look at its name and tag, and whether this machine reaches the registry; registries in private networks are closed to builds."
        : "Look at the file: `skopeo inspect` or `tar -t` says what is in it. With several images in it, add :NAME.",
    kind: /timeout|no such host|refused|unreachable|EOF|50\d/.test(why) ? "transient" : "user",
  });
}
