/** What outlives an instance (volumes), and what it may reach (network:allow). */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

describe("volumes and the network", () => {
  let platform: Platform;
  let app: WorkingCopy;
  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000" } });
    app = await platform.givenApp(tinyApp("stateful"), { app: "blog" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it("loses what is written without a volume at the next deploy", async () => {
    expect((await platform.http(app.host, "/write?path=/app/scratch&text=gone")).body).toBe("written");
    expect((await platform.ssh("ps:restart blog")).code).toBe(0);
    expect((await platform.http(app.host, "/read?path=/app/scratch")).body).toBe("ENOENT");
  });

  it("keeps what is written into a volume across deploys and restarts", async () => {
    expect((await platform.ssh("volumes:create blog uploads")).code).toBe(0);
    expect((await platform.ssh("volumes:mount blog uploads /data")).code).toBe(0);
    expect((await platform.http(app.host, "/write?path=/data/file&text=kept")).body).toBe("written");
    app.write("text.js", 'module.exports = "second";\n');
    await app.mustPush();
    await platform.expectHost(app.host).toAnswer("second");
    expect((await platform.http(app.host, "/read?path=/data/file")).body).toBe("kept");
    expect((await platform.ssh("volumes:list blog")).stdout).toMatch(/uploads.*\/data/);
  });

  it("refuses to destroy a mounted volume, and unmounts it first", async () => {
    expect((await platform.ssh("volumes:destroy blog uploads")).code).not.toBe(0);
    expect((await platform.ssh("volumes:unmount blog uploads")).code).toBe(0);
    expect((await platform.http(app.host, "/read?path=/data/file")).body).toBe("ENOENT");
    expect((await platform.ssh("volumes:mount blog uploads /data")).code).toBe(0);
    expect((await platform.http(app.host, "/read?path=/data/file")).body).toBe("kept");
  });

  it("closes the root where pushboat.yml says so, and leaves volumes and tmpfs open", async () => {
    app.write("pushboat.yml", 'processes:\n  web: { read-only: true, tmpfs: [/tmp, "/var/cache/app:1mb"] }\n');
    await app.mustPush();
    const write = async (path: string, bytes = 5) => (await platform.http(app.host, `/write?path=${path}&text=${"x".repeat(bytes)}`)).body;
    expect(await write("/app/scratch")).toBe("EROFS");
    expect(await write("/srv/file")).toMatch(/^(EROFS|ENOENT)$/);
    expect(await write("/tmp/file")).toBe("written");
    expect(await write("/var/cache/app/file")).toBe("written");
    expect(await write("/data/file")).toBe("written");
    const mounts = (await platform.http(app.host, "/read?path=/proc/self/mounts")).body;
    expect(mounts).toMatch(/^tmpfs \/var\/cache\/app tmpfs rw,nosuid,nodev.*size=1024k/m);
    expect((await platform.ssh("run blog -- 'echo made > /app/by-hand && cat /app/by-hand'")).stdout).toContain("made");
    app.write("pushboat.yml", "processes: {}\n");
    await app.mustPush();
    expect(await write("/app/scratch")).toBe("written");
    expect((await platform.http(app.host, "/read?path=/data/file")).body).toBe("xxxxx");
    await platform.http(app.host, "/write?path=/data/file&text=kept");
  });

  it("a volume with a size holds no more, is shared by instances, and survives `down` and destroying nothing else", async () => {
    expect((await platform.ssh("volumes:create blog small --size 1kb")).stderr).toContain("volumes/size");
    expect((await platform.ssh("volumes:create blog small --size 32mb")).code).toBe(0);
    expect((await platform.ssh("volumes:mount blog small /small")).code).toBe(0);
    await platform.ssh("ps:scale blog web=2");
    expect((await platform.http(app.host, "/write?path=/small/kept&text=kept")).body).toBe("written");
    const filled = await platform.ssh("run blog -- 'head -c 100000000 /dev/zero > /small/big'");
    expect(filled.code).not.toBe(0);
    expect(filled.output).toContain("No space left on device");
    expect((await platform.ssh("volumes blog")).stdout).toMatch(/small +\/small +(2|3)\d\.\d MB of 32 MB/);
    await platform.ssh("run blog -- rm /small/big");
    expect((await platform.pushboat(["down"])).code).toBe(0);
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(`${platform.dataDirectory}/volumes`);
    expect((await platform.up()).code).toBe(0);
    for (let at = 0; at < 4; at += 1) await platform.expectHost(app.host).toAnswer("kept", { path: "/read?path=/small/kept" });
    await platform.ssh("ps:scale blog web=1");
    expect((await platform.ssh("volumes:unmount blog small")).code).toBe(0);
    expect((await platform.ssh("volumes:destroy blog small --confirm small")).code).toBe(0);
    expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain("/volumes/blog/small");
    expect((await platform.http(app.host, "/read?path=/data/file")).body).toBe("kept");
  });

  it.each(["../etc", "/etc", "UP", "a..b"])("refuses %s as a volume's name", async (name) => {
    expect((await platform.ssh(`volumes:create blog '${name}'`)).code).not.toBe(0);
  });

  describe("an app", () => {
    let server: Server;
    let port: number;
    let privateAddress: string;
    beforeAll(async () => {
      server = createServer((_request, response) => response.end("the host's own service"));
      await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
      port = (server.address() as { port: number }).port;
      privateAddress =
        Object.values(networkInterfaces())
          .flat()
          .find((one) => one?.family === "IPv4" && !one.internal && !one.address.startsWith("198.1"))?.address ?? "";
    });
    afterAll(() => server.close());

    it("reaches no service of the host, no other app and no metadata address", async () => {
      const neighbour = await platform.givenApp(tinyApp("neighbour"), { app: "neighbour" });
      await neighbour.mustPush();
      const [instance] = JSON.parse((await platform.ssh("ps neighbour --json")).stdout) as { address: string }[];
      const gateway = (instance?.address ?? "").replace(/:\d+$/, "");
      for (const url of [
        `http://${privateAddress}:${port}`,
        `http://${instance?.address}`,
        "http://169.254.169.254",
        `http://${gateway}:${platform.ports.ssh}`,
      ]) {
        expect((await platform.http(app.host, `/fetch?url=${encodeURIComponent(url)}`)).body).toMatch(/^unreachable/);
      }
    });

    it("reaches a private address once it is allowed, and no more once it is not", async () => {
      const url = encodeURIComponent(`http://${privateAddress}:${port}`);
      expect((await platform.ssh(`network:allow blog ${privateAddress}:${port}`)).code).toBe(0);
      await eventually(
        "it is reached",
        async () => (await platform.http(app.host, `/fetch?url=${url}`)).body === "reached the host's own service",
        5000,
      );
      app.write("text.js", 'module.exports = "third";\n');
      await app.mustPush();
      expect((await platform.http(app.host, `/fetch?url=${url}`)).body).toBe("reached the host's own service");
      expect((await platform.ssh(`network:deny blog ${privateAddress}:${port}`)).code).toBe(0);
      await eventually(
        "it is closed again",
        async () => (await platform.http(app.host, `/fetch?url=${url}`)).body.startsWith("unreachable"),
        5000,
      );
    });
  });
});
