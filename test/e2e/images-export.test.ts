/** images:export writes a standard OCI layout: other tools read it, and plain runc runs it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mustRun, run } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";
import { httpRequest } from "../support/http-client.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";

describe("images:export", () => {
  let platform: Platform;
  let directory: string;
  beforeAll(async () => {
    platform = await givenPlatform();
    directory = mkdtempSync("/var/tmp/pushboat-export-");
    const app = await platform.givenApp("express-hello", { app: "blog" });
    await app.mustPush();
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true, force: true });
    await platform?.stop();
  });

  it("writes at least four layers that skopeo reads, with the same digest twice", async () => {
    const digests: string[] = [];
    for (const name of ["first", "second"]) {
      const layout = join(directory, name);
      const exported = await platform.pushboat(["images:export", "blog", `oci:${layout}`]);
      expect([exported.code, exported.stderr]).toEqual([0, expect.any(String)]);
      expect(existsSync(join(layout, "oci-layout"))).toBe(true);
      const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
        manifests: { annotations?: Record<string, string> }[];
      };
      const tag = index.manifests[0]?.annotations?.["org.opencontainers.image.ref.name"] ?? "latest";
      const inspected = JSON.parse((await mustRun(["skopeo", "inspect", `oci:${layout}:${tag}`])).stdout) as {
        Digest: string;
        Layers: string[];
      };
      expect(inspected.Layers.length).toBeGreaterThanOrEqual(4);
      digests.push(inspected.Digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  it("answers when umoci unpacks it and runc runs it", async () => {
    const layout = join(directory, "first");
    const bundle = join(directory, "bundle");
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as { manifests: { annotations?: Record<string, string> }[] };
    const tag = index.manifests[0]?.annotations?.["org.opencontainers.image.ref.name"] ?? "latest";
    await mustRun(["umoci", "unpack", "--image", `${layout}:${tag}`, bundle]);
    const [port] = (await freePorts(1)) as [number];
    const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8")) as {
      process: { env: string[]; terminal: boolean };
      linux: { namespaces: { type: string }[]; cgroupsPath?: string };
    };
    // The host's network, so that the test reaches it without a bridge.
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) => type !== "network");
    config.process.terminal = false;
    config.process.env.push(`PORT=${port}`);
    writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
    const root = join(directory, "runc");
    mkdirSync(root);
    const id = `pushboat-export-${process.pid}`;
    const running = run(["runc", "--root", root, "run", "--bundle", bundle, id]);
    try {
      await eventually("the unpacked image answers", async () => (await httpRequest(port, "localhost", "/")).body === "hello v1\n");
    } finally {
      await run(["runc", "--root", root, "kill", id, "KILL"]);
      await running;
    }
  });
});
