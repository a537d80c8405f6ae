import { describe, expect, it } from "vitest";
import { authFile, COPY_SCRIPT, copyFailure, skopeoSource } from "../../../builder/import/source.ts";

describe("skopeo's source", () => {
  it("is a reference, or what is bound into its sandbox: never a path of the host", () => {
    expect(skopeoSource({ kind: "docker", reference: "registry.example.com/blog:v1" })).toBe("docker://registry.example.com/blog:v1");
    expect(skopeoSource({ kind: "oci-archive", path: "/tmp/blog.tar", name: null })).toBe("oci-archive:/image");
    expect(skopeoSource({ kind: "oci", path: "/tmp/blog", name: "v1" })).toBe("oci:/image:v1");
  });

  it("comes with passwords in memory only, which are no words of a command line", () => {
    expect(JSON.parse(authFile([{ host: "registry.example.com", user: "ci", password: "pw" }]))).toEqual({
      auths: { "registry.example.com": { auth: Buffer.from("ci:pw").toString("base64") } },
    });
    expect(COPY_SCRIPT).toContain("> /dev/shm/auth.json");
    expect(COPY_SCRIPT).not.toContain("--src-creds");
  });

  it("that cannot be taken says whether a login is missing, or the network", () => {
    const source = { kind: "docker", reference: "registry.example.com/blog:v1" } as const;
    const fatal = (why: string) => copyFailure(source, [`time="2026" level=fatal msg="initializing source docker://x: ${why}"`]);
    expect(fatal("reading manifest v1: unauthorized: authentication required")).toMatchObject({ code: "image/denied", kind: "user" });
    expect(fatal("pinging container registry: dial tcp: i/o timeout")).toMatchObject({ code: "image/fetch", kind: "transient" });
    expect(copyFailure({ kind: "oci", path: "/x", name: null }, [])).toMatchObject({ code: "image/fetch", kind: "user" });
  });
});
