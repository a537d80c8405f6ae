import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Route } from "../../../core/index.ts";
import { createRouterControl } from "../../../router/index.ts";
import { createRouter, type Router } from "../../../router/router.ts";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, givenTable, speak } from "./rig.ts";

const log = pino({ enabled: false });

/** Both sides of the control socket, the router in this process. */
async function givenPair() {
  const runDirectory = await mkdtemp(join(tmpdir(), "run-"));
  await mkdir(join(runDirectory, "router"));
  const socket = join(runDirectory, "router", "router.sock");
  const start = async (): Promise<Router & { readonly port: number }> => {
    const router = createRouter({
      domain: "paas.example",
      port: 80,
      httpsPort: 443,
      certificatesFile: join(runDirectory, "routes", "certificates.json"),
      snapshotFile: join(runDirectory, "routes", "routes.json"),
      pagesDirectory: join(runDirectory, "routes", "pages"),
      gitSocket: join(runDirectory, "git.sock"),
      logDirectory: runDirectory,
      onDefect: () => {},
    });
    await rm(socket, { force: true });
    router.control.listen(socket);
    await once(router.control, "listening");
    await router.load();
    router.http.listen(0, "127.0.0.1");
    await once(router.http, "listening");
    return { ...router, port: (router.http.address() as { port: number }).port };
  };
  const control = createRouterControl({ settings: { runDirectory }, log, routerUser: null, acknowledgeTimeoutMs: 1_000 });
  return {
    runDirectory,
    control,
    start,
    async [Symbol.asyncDispose]() {
      await control.close();
      await rm(runDirectory, { recursive: true });
    },
  };
}

describe("a table that control publishes", () => {
  it("shows an app's own pages for its H-codes and during maintenance, filled in; JSON and refusals stay the router's", async () => {
    await using pair = await givenPair();
    const pages = { error: "1".repeat(64), maintenance: "2".repeat(64) };
    const html = "<p>{{code}} {{ status }} {{description}} {{request_id}} {{other}}</p>";
    await pair.control.setPages(
      new Map([
        [pages.error, html],
        [pages.maintenance, "<p>we mend</p>"],
      ]),
    );
    const table = (over: Partial<Route>) => givenTable([], { pages, ...over });
    await pair.control.publish(table({ condition: "crashed" }));
    const router = await pair.start();
    const id = "0123456789-0123456789";
    const ask = (...lines: string[]) => speak(router.port, GET("/", `X-Request-Id: ${id}`, "Connection: close", ...lines));
    const crashed = await ask();
    expect(crashed).toMatch(/^HTTP\/1.1 503 .*\r\nContent-Type: text\/html; charset=utf-8\r\n.*Retry-After: 5\r\n/s);
    expect(crashed).toMatch(new RegExp(`<p>H10 503 App crashed ${id} \\{\\{other\\}\\}</p>$`));
    expect(await ask("Accept: application/json")).toContain('{"error":{"code":"H10","status":503,');
    await pair.control.publish(table({ condition: "maintenance" }));
    expect(await ask()).toMatch(/^HTTP\/1.1 503 .*<p>we mend<\/p>$/s);
    await pair.control.publish(table({ condition: "crashed", allowedNetworks: ["203.0.113.7"] }));
    expect(await ask()).toMatch(/^HTTP\/1.1 403 .*H85 Address not allowed/s);
    // Gone from the commit, or from the disk: the router's own.
    await pair.control.publish(givenTable([], { condition: "maintenance" }));
    expect(await ask()).toContain("H80 Maintenance mode");
    await pair.control.publish(givenTable([], { condition: "crashed", pages: { error: "3".repeat(64) } }));
    expect(await ask()).toContain("H10 App crashed");
    await pair.control.setPages(new Map());
    expect(await readdir(join(pair.runDirectory, "routes", "pages"))).toEqual([]);
    await router.close(0);
  });

  it("is live when publish resolves, with 500 apps too", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using pair = await givenPair();
    const router = await pair.start();
    const many = (version: number) => ({
      version,
      routes: Array.from({ length: 500 }, (_, i) => ({
        ...givenTable([app.address]).routes[0],
        environment: `app-${i}`,
        hosts: [`app-${i}.localhost`, `v${version}.app-${i}.localhost`],
      })) as never,
    });
    await pair.control.publish(many(1));
    for (let version = 2; version < 22; version++) {
      await pair.control.publish(many(version));
      expect(await speak(router.port, GET("/").replace("blog", `v${version}.app-7`), /ok$/)).toContain("200 OK");
    }
    expect(await pair.control.version()).toBe(21);
    await router.close(0);
  });

  it("is written whole and readable by the router's group alone", async () => {
    await using pair = await givenPair();
    await pair.control.publish(givenTable(["127.0.0.1:1"]));
    const file = await stat(join(pair.runDirectory, "routes", "routes.json"));
    const directory = await stat(join(pair.runDirectory, "routes"));
    expect([file.mode & 0o777, directory.mode & 0o777]).toEqual([0o640, 0o750]);
  });

  it("does not wait for a router that is down, which reads it when it starts", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using pair = await givenPair();
    await pair.control.publish(givenTable([app.address]));
    expect(await pair.control.version()).toBeNull();
    const router = await pair.start();
    expect(await speak(router.port, GET("/"), /ok$/)).toContain("200 OK");
    await router.close(0);
  });

  it("is announced to the router that came after a restart", async () => {
    await using pair = await givenPair();
    const first = await pair.start();
    await pair.control.publish({ ...givenTable([]), version: 1 });
    await first.close(0);
    first.control.close();
    const second = await pair.start();
    await pair.control.publish({ ...givenTable([]), version: 2 });
    expect(await pair.control.version()).toBe(2);
    await second.close(0);
  });

  it("never goes back to an older one", async () => {
    await using pair = await givenPair();
    const router = await pair.start();
    await Promise.all([5, 3, 4].map((version) => pair.control.publish({ ...givenTable([]), version })));
    expect(await pair.control.version()).toBe(5);
    await router.close(0);
  });

  it("that the router cannot read is refused with the reason, and the old one serves on", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using pair = await givenPair();
    const router = await pair.start();
    await pair.control.publish({ ...givenTable([app.address]), version: 1 });
    await expect(pair.control.publish({ ...givenTable(["not an address"]), version: 2 })).rejects.toMatchObject({
      code: "router/not-acknowledged",
    });
    expect(await speak(router.port, GET("/"), /ok$/)).toContain("200 OK");
    await router.close(0);
  });

  it("survives a snapshot that was damaged: the router starts and waits for a table", async () => {
    await using pair = await givenPair();
    await mkdir(join(pair.runDirectory, "routes"));
    await writeFile(join(pair.runDirectory, "routes", "routes.json"), '{"version": 1, "rou');
    await expect(pair.start()).rejects.toThrow(/route snapshot/);
  });
});

describe("drained", () => {
  it("resolves when the last request to the addresses has ended, and says no when the time is over", async () => {
    await using slow = await givenApp(async (_, response) => {
      await sleep(500);
      response.end("slow");
    });
    await using pair = await givenPair();
    const router = await pair.start();
    await pair.control.publish({ ...givenTable([slow.address]), version: 1 });
    expect(await pair.control.drained([slow.address], 1_000)).toBe(true);
    const answer = speak(router.port, GET("/"), /slow$/);
    await eventually("a request in flight", async () => router.inFlight()[slow.address] === 1);
    await pair.control.publish({ ...givenTable([]), version: 2 });
    expect(await pair.control.drained([slow.address], 100)).toBe(false);
    let answered = false;
    void answer.then(() => {
      answered = true;
    });
    expect(await pair.control.drained([slow.address, "127.0.0.1:9"], 5_000)).toBe(true);
    await eventually("the answer", async () => answered, 200);
    await router.close(0);
  });

  it("resolves when the router is gone: nothing is in flight in it", async () => {
    await using slow = await givenApp(() => {});
    await using pair = await givenPair();
    const router = await pair.start();
    await pair.control.publish({ ...givenTable([slow.address]), version: 1 });
    speak(router.port, GET("/")).catch(() => {});
    await eventually("a request in flight", async () => router.inFlight()[slow.address] === 1);
    const drained = pair.control.drained([slow.address], 20_000);
    await router.close(0);
    const second = await pair.start();
    expect(await drained).toBe(true);
    await second.close(0);
  });
});

describe("a switch of the table under constant load", () => {
  it("fails no request, on new and on kept-alive connections, and the old instance gets none afterwards", async () => {
    const versions = await Promise.all(
      Array.from({ length: 10 }, async (_, version) => {
        const seen = { requests: 0, retired: false, late: 0 };
        const app = await givenApp((request, response) => {
          seen.requests++;
          if (seen.retired) seen.late++;
          request.resume();
          setTimeout(() => response.end(`v${version}`), 2);
        });
        return { app, seen };
      }),
    );
    await using rig = await givenRouter();
    rig.route([versions[0]?.app.address ?? ""]);
    const counts = { ok: 0, failed: [] as string[] };
    let running = true;
    const client = async (agent: Agent | false) => {
      while (running) {
        await new Promise<void>((resolve) => {
          const fail = (error: Error) => {
            counts.failed.push(error.message);
            resolve();
          };
          const method = counts.ok % 3 === 0 ? "POST" : "GET";
          const outgoing = request({ port: rig.port, host: "127.0.0.1", method, agent, headers: { Host: "blog.localhost" } }, (answer) => {
            answer.resume();
            answer.on("error", fail);
            answer.on("end", () => {
              if (answer.statusCode === 200) counts.ok++;
              else counts.failed.push(String(answer.statusCode));
              resolve();
            });
          });
          outgoing.on("error", fail);
          outgoing.end(method === "POST" ? "x=1" : undefined);
        });
      }
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const load = [...Array.from({ length: 8 }, () => client(agent)), ...Array.from({ length: 4 }, () => client(false))];
    for (let next = 1; next < versions.length; next++) {
      const old = versions[next - 1];
      await eventually("requests at the old one", async () => (old?.seen.requests ?? 0) > 20);
      rig.route([versions[next]?.app.address ?? ""]);
      await eventually("drained", async () => rig.router.inFlight()[old?.app.address ?? ""] === undefined);
      if (old) old.seen.retired = true;
      await old?.app[Symbol.asyncDispose]();
    }
    await eventually("requests at the last one", async () => (versions.at(-1)?.seen.requests ?? 0) > 20);
    running = false;
    await Promise.all(load);
    agent.destroy();
    expect(counts.failed).toEqual([]);
    expect(counts.ok).toBeGreaterThan(200);
    for (const { seen } of versions) expect([seen.requests > 0, seen.late]).toEqual([true, 0]);
    await versions.at(-1)?.app[Symbol.asyncDispose]();
  });
});
