/** What an SSH client asks git for: exactly `git-receive-pack 'NAME'` or `git-upload-pack 'NAME'`. */
import { type AppName, PushboatError, parseAppName, splitShellWords } from "../../core/index.ts";

export type GitServiceName = "receive-pack" | "upload-pack";

export interface GitRequest {
  readonly service: GitServiceName;
  readonly app: AppName;
}

/** null: the command line is none of git's. Throws where it is, but names no app or another service. */
export function parseGitRequest(commandLine: string): GitRequest | null {
  const match = /^git[- ]([a-z-]+)(?:\s+|$)(.*)$/s.exec(commandLine.trimStart());
  if (match === null) return null;
  const service = match[1] as string;
  if (service !== "receive-pack" && service !== "upload-pack") {
    throw new PushboatError({ code: "git/service", message: `git ${service} is not served here`, hint: "Push, fetch and clone are." });
  }
  const words = splitShellWords(match[2] as string);
  if (words.length !== 1) {
    throw new PushboatError({
      code: "git/request",
      message: `git ${service} takes the name of one app`,
      hint: "For example: ssh://pushboat@HOST:2222/blog",
    });
  }
  return { service, app: parseRepositoryName(words[0] as string) };
}

/** `blog`, `/blog`, `blog.git`, `/blog.git`, as git clients send it. */
export function parseRepositoryName(path: string): AppName {
  return parseAppName(
    path
      .replace(/^\//, "")
      .replace(/\.git\/?$/, "")
      .replace(/\/$/, ""),
  );
}
