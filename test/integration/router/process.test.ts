import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createRouterControl } from "../../../router/index.ts";
import { findUnixUser } from "../../../unix-user.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";
import { GET, givenApp, givenTable, hear, speak } from "./rig.ts";

const MAIN = join(import.meta.dirname, "../../../router/main.ts");
const LISTEN = join(import.meta.dirname, "../../../launcher/listen.pl");
const log = pino({ enabled: false });

/** The real process, as the launcher starts it. */
async function givenPlatform() {
  const dataDirectory = await mkdtemp(join(tmpdir(), "data-"));
  execFileSync("chmod", ["711", dataDirectory]);
  const [port = 0] = await freePorts(1);
  const runDirectory = `/run/pushboat/${createHash("sha256").update(dataDirectory).digest("hex").slice(0, 8)}`;
  const started: ChildProcess[] = [];
  const env = { ...process.env, PUSHBOAT_DATA: dataDirectory, PUSHBOAT_HTTP_PORT: String(port), PUSHBOAT_DRAIN_TIMEOUT_MS: "30000" };
  return {
    port,
    dataDirectory,
    runDirectory,
    routerUser: findUnixUser("pushboat-router"),
    givenControl: (startTimeoutMs = 30_000) =>
      createRouterControl({ settings: { runDirectory }, log, routerUser: findUnixUser("pushboat-router"), startTimeoutMs }),
    async start() {
      const node = [process.execPath, "--optimize-for-size", "--max-semi-space-size=2", MAIN];
      const child = spawn("perl", [LISTEN, runDirectory, `http=30=0.0.0.0=${port}`, "--", ...node], {
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      started.push(child);
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await eventually("the router listens", async () => output.includes("router is listening"), 10_000);
      return child;
    },
    /** Rejects when the router that was started last ends. */
    async ended(): Promise<never> {
      const child = started.at(-1) as ChildProcess;
      if (child.exitCode === null) await once(child, "exit");
      throw new Error("ended");
    },
    async [Symbol.asyncDispose]() {
      for (const child of started) child.kill("SIGKILL");
      await rm(dataDirectory, { recursive: true });
      await rm(runDirectory, { recursive: true, force: true });
    },
  };
}

/** As the launcher's set_aside: the record of a process that serves on. */
async function recordLeaving(runDirectory: string, child: ChildProcess): Promise<void> {
  await record(runDirectory, "router.leaving", child);
}

async function record(runDirectory: string, name: string, { pid }: ChildProcess): Promise<void> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  await mkdir(join(runDirectory, "processes"), { recursive: true });
  await writeFile(join(runDirectory, "processes", name), `${pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}\n`);
}

function ask(agent: Agent, port: number): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ agent, port, host: "127.0.0.1", headers: { host: "blog.localhost" } }, (incoming) => {
      let body = "";
      incoming.on("data", (chunk) => {
        body += chunk;
      });
      incoming.on("end", () => resolve(`${incoming.statusCode} ${body}`));
      incoming.on("error", (error) => resolve(error.message));
    });
    // A kept connection that the router closes while idle is for the client to repeat (RFC 9110 9.2.2), as browsers do.
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      outgoing.reusedSocket && error.code === "ECONNRESET" ? resolve(ask(agent, port)) : resolve(error.message),
    );
    outgoing.end();
  });
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("the router's process", () => {
  it("is no longer root once it listens, and its doors are its own", async () => {
    await using platform = await givenPlatform();
    const router = await platform.start();
    const { uid, gid } = platform.routerUser;
    const status = await readFile(`/proc/${router.pid}/status`, "utf8");
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, "m"));
    expect(status).toMatch(new RegExp(`^Gid:\\t${gid}\\t${gid}\\t${gid}\\t${gid}$`, "m"));
    expect(status).toMatch(new RegExp(`^Groups:\\t${gid} $`, "m"));
    expect(status).toMatch(/^CapEff:\t0+$/m);
    const directory = await stat(join(platform.runDirectory, "router"));
    const logs = await stat(join(platform.dataDirectory, "router-logs"));
    expect([directory.mode & 0o777, directory.uid, logs.uid]).toEqual([0o700, uid, uid]);
  });

  it("killed and started again serves from the snapshot at once, without control", async () => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using platform = await givenPlatform();
    const first = await platform.start();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    expect(await speak(platform.port, GET("/"), /the app/)).toContain("200 OK");
    await control.close();
    // A client that stays connected must not keep the next router from binding.
    const lingering = connect(platform.port, "127.0.0.1");
    lingering.on("error", () => {});
    await once(lingering, "connect");
    await kill(first);
    await platform.start();
    expect(await speak(platform.port, GET("/"), /the app/)).toContain("200 OK");
    await eventually("a log line", async () =>
      (await readFile(join(platform.dataDirectory, "router-logs", "blog.log"), "utf8")).includes("status=200"),
    );
    lingering.destroy();
  });

  it("takes tables and says drained again after it was killed", async () => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using platform = await givenPlatform();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    await kill(await platform.start());
    await platform.start();
    await control.publish(givenTable([]));
    expect(await control.drained([app.address], 1_000)).toBe(true);
    expect(await speak(platform.port, GET("/"), /H14/)).toContain("503");
    await control.close();
  });

  it("on SIGTERM finishes what is in flight and closes what is idle", async () => {
    await using app = await givenApp(async (_, response) => {
      await sleep(500);
      response.end("the app");
    });
    await using platform = await givenPlatform();
    const router = await platform.start();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    const idle = connect(platform.port, "127.0.0.1");
    await once(idle, "connect");
    const answer = speak(platform.port, GET("/"));
    await eventually("a request in flight", async () => (await app.connections()) > 0);
    const exited = once(router, "exit");
    router.kill("SIGTERM");
    expect(await hear(idle)).toBe("");
    expect(await answer).toMatch(/Connection: close\r\n\r\nthe app$/);
    expect(await exited).toEqual([0, null]);
    await control.close();
  });

  it("takes the ports over from the one before it: no request fails, no connection is reset, control goes with it", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await using app = await givenApp((request, response) => {
      request.resume();
      if (request.url === "/long") released.then(() => response.end("the long one"));
      else response.end("the app");
    });
    await using platform = await givenPlatform();
    const first = await platform.start();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    try {
      const counts = { ok: 0, failed: [] as string[] };
      let running = true;
      const load = Array.from({ length: 24 }, async (_, i) => {
        const agent = new Agent({ keepAlive: i % 2 === 0, maxSockets: 1 });
        while (running) {
          const outcome = await ask(agent, platform.port);
          if (outcome === "200 the app") counts.ok++;
          else counts.failed.push(outcome);
        }
        agent.destroy();
      });
      const long = speak(platform.port, GET("/long"), /the long one/, 30_000);
      await sleep(200);
      for (let router = first, round = 0; round < 3; round++) {
        await recordLeaving(platform.runDirectory, router);
        const exited = once(router, "exit");
        router = await platform.start();
        // The new one may have nothing in flight for a moment; the old one has the long one.
        if (round === 0) expect(await control.drained([app.address], 300)).toBe(false);
        release();
        expect(await exited).toEqual([0, null]);
        await control.publish(givenTable([app.address]));
      }
      expect(await long).toContain("the long one");
      running = false;
      await Promise.all(load);
      expect(counts.failed).toEqual([]);
      expect(counts.ok).toBeGreaterThan(500);
      expect(await control.version()).not.toBeNull();
    } finally {
      await control.close();
    }
  });

  it.each(["never starts", "dies at once"])("whose successor %s serves on, and is what `router` means again", async (fate) => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using platform = await givenPlatform();
    const router = await platform.start();
    const records = join(platform.runDirectory, "processes");
    await record(platform.runDirectory, "router", router);
    const control = platform.givenControl(1_000);
    await control.publish(givenTable([app.address]));
    const restarting = control.restart();
    restarting.catch(() => {});
    // The loop writes the record before the process is what it shall be.
    if (fate === "dies at once")
      await eventually("it is set aside", async () => readdir(records).then((names) => !names.includes("router"))).then(() =>
        writeFile(join(records, "router"), "4194300 1\n"),
      );
    await expect(restarting).rejects.toMatchObject({
      code: "router/not-replaced",
      message: expect.stringContaining("the old one serves on"),
    });
    expect(await readdir(records)).toEqual(["router"]);
    expect(await readFile(join(records, "router"), "utf8")).toMatch(new RegExp(`^${router.pid} `));
    expect(await speak(platform.port, GET("/"), /the app/)).toContain("200 OK");
    await control.publish(givenTable([app.address]));
    await control.close();
  });

  it("does not share its port with a stranger", async () => {
    await using platform = await givenPlatform();
    await platform.start();
    await expect(Promise.race([platform.start(), platform.ended()])).rejects.toThrow(/EADDRINUSE|ended/);
  });

  it("blames no instance when it has no descriptor left itself (H99), and serves again when it has", async () => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using platform = await givenPlatform();
    const router = await platform.start();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    // As its own user and the soft limit alone: root needs CAP_SYS_RESOURCE for more.
    const limit = (count: number) => execFileSync("prlimit", [`--pid=${router.pid}`, `--nofile=${count}:`], platform.routerUser);
    // One number is free below the limit: the client's connection takes it.
    const used = new Set((await readdir(`/proc/${router.pid}/fd`)).map(Number));
    let free = 0;
    while (used.has(free)) free++;
    limit(free + 1);
    expect(await speak(platform.port, GET("/"), /<small>H\d+/)).toContain("H99");
    limit(1_000);
    expect(await speak(platform.port, GET("/"), /the app/)).toContain("200 OK");
    await control.close();
  });

  it("goes on after garbage on every door", async () => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using platform = await givenPlatform();
    await platform.start();
    const control = platform.givenControl();
    await control.publish(givenTable([app.address]));
    const bytes = Buffer.alloc(50_000, 0).map((_, i) => (i * 7919) % 256);
    for (const where of [{ port: platform.port, host: "127.0.0.1" }, { path: join(platform.runDirectory, "router", "router.sock") }]) {
      for (const garbage of [
        bytes,
        Buffer.from("\r\n\r\n\r\n"),
        Buffer.from("{}\n"),
        Buffer.from("null\n"),
        Buffer.from('{"kind":"watch"}\n'),
      ]) {
        const socket = connect(where);
        socket.on("error", () => {});
        socket.end(garbage);
        socket.resume();
        // events.once would reject at the reset, which is one right answer to garbage
        await new Promise((resolve) => socket.once("close", resolve));
      }
    }
    expect(await speak(platform.port, GET("/"), /the app/)).toContain("200 OK");
    await control.close();
  });
});
