import { describe, expect, it } from "vitest";
import { parseImageSource } from "../../../cli/commands/apps-deploy.ts";

describe("where an image is", () => {
  it.each([
    ["docker://registry.example.com:5000/team/blog:v3", { kind: "docker", reference: "registry.example.com:5000/team/blog:v3" }],
    ["oci-archive:/tmp/blog.tar", { kind: "oci-archive", path: "/tmp/blog.tar", name: null }],
    ["docker-archive:/tmp/blog.tar:blog:latest", { kind: "docker-archive", path: "/tmp/blog.tar", name: "blog:latest" }],
    ["oci:/tmp/blog:v1", { kind: "oci", path: "/tmp/blog", name: "v1" }],
  ])("%s is understood", (text, source) => {
    expect(parseImageSource(text)).toEqual(source);
  });

  it.each([
    "docker://",
    "docker://--creds/x",
    "docker://nohost",
    "oci:relative",
    "oci-archive:/tmp/../etc/shadow",
    "oci:/tmp/a\nb",
    "dir:/tmp/x",
    "containers-storage:x",
  ])("%j is refused", (text) => {
    expect(() => parseImageSource(text)).toThrow(/does not say where an image is/);
  });
});
