import { describe, expect, test } from "vitest";
import { parseGitRequest } from "../../../receiver/git/request.ts";

describe("what an SSH client asks git for", () => {
  test.each([
    ["git-receive-pack 'blog'", { service: "receive-pack", app: "blog" }],
    ["git-receive-pack '/blog.git'", { service: "receive-pack", app: "blog" }],
    ["git-upload-pack '/blog'", { service: "upload-pack", app: "blog" }],
    ["git receive-pack blog.git", { service: "receive-pack", app: "blog" }],
    ["git-upload-pack '/blog.git/'", { service: "upload-pack", app: "blog" }],
  ])("%s", (line, request) => {
    expect(parseGitRequest(line)).toEqual(request);
  });

  test.each(["", "apps", "git", "gitx-receive-pack 'a'", "config:set blog A=git-receive-pack", "./git-receive-pack 'blog'"])(
    "%j is a command, not git's",
    (line) => {
      expect(parseGitRequest(line)).toBeNull();
    },
  );

  test.each([
    ["git-upload-archive 'blog'", "git/service"],
    ["git-shell -c id", "git/service"],
    ["git-receive-pack", "git/request"],
    ["git-receive-pack 'blog' 'other'", "git/request"],
    ["git-receive-pack 'blog'; id", "git/request"],
    ["git-receive-pack --strict 'blog'", "git/request"],
    ["git-receive-pack '../blog'", "name/app"],
    ["git-receive-pack '//blog'", "name/app"],
    ["git-receive-pack 'blog.git.git'", "name/app"],
    ["git-receive-pack ''", "name/app"],
    ["git-receive-pack '--upload-pack=id'", "name/app"],
    ["git-receive-pack 'blog", "command/quoting"],
  ])("%s is refused", (line, code) => {
    expect(() => parseGitRequest(line)).toThrow(expect.objectContaining({ code }));
  });
});
