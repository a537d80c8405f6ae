import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RouteCondition } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { closedAddress, GET, givenApp, givenRouter, givenServer, hear, POST, speak } from "./rig.ts";

const JSON_ONLY = "Accept: application/json";
const codeOf = (answer: string) => /"code":"?(\w+)/.exec(answer)?.[1];
const ask = (port: number) => speak(port, GET("/", JSON_ONLY), /"request_id":"[^"]+"/);

/** Listens and is stopped: what its backlog has no room for gets no answer to its SYN at all. */
async function deafApp() {
  const script =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })";
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  child.kill("SIGSTOP");
  const fillers = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await once(fillers[0] as Socket, "connect");
  await sleep(50);
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill("SIGKILL");
    },
  };
}

describe("a client is told why there is no answer of the app", () => {
  it("by the condition of its route: H10, H14, H80, H81", async () => {
    await using rig = await givenRouter();
    for (const [condition, code, status] of [
      ["crashed", "H10", "503"],
      ["no-web", "H14", "503"],
      ["maintenance", "H80", "503"],
      ["empty", "H81", "404"],
    ] as const) {
      rig.condition(condition);
      const answer = await ask(rig.port);
      expect([codeOf(answer), answer.slice(9, 12)]).toEqual([code, status]);
    }
  });

  it("H21 when the connection is refused", async () => {
    await using rig = await givenRouter();
    rig.route([await closedAddress()]);
    expect(codeOf(await ask(rig.port))).toBe("H21");
  });

  it("H19 when there is no answer to the connection", async () => {
    await using app = await deafApp();
    await using rig = await givenRouter({ limits: { connectMs: 200 } });
    rig.route([app.address]);
    expect(codeOf(await ask(rig.port))).toBe("H19");
  });

  it("H11 when every instance has as many requests as it may have", async () => {
    await using app = await givenApp((request, response) => {
      if (request.url !== "/wait") response.end("ok");
    });
    await using rig = await givenRouter({ limits: { connectionsPerTarget: 2 } });
    rig.route([app.address]);
    const waiting = [connect(rig.port, "127.0.0.1"), connect(rig.port, "127.0.0.1")];
    for (const socket of waiting) socket.write(GET("/wait"));
    await eventually("two in flight", async () => rig.router.inFlight()[app.address] === 2);
    expect(codeOf(await ask(rig.port))).toBe("H11");
    waiting[0]?.destroy();
    await eventually("one in flight", async () => rig.router.inFlight()[app.address] === 1);
    expect(await speak(rig.port, GET("/"), /ok$/)).toContain("200 OK");
    waiting[1]?.destroy();
  });

  it("H27 in the log when it is gone itself, and the app hears of it", async () => {
    let closed = 0;
    await using app = await givenApp((_, response) => response.on("close", () => closed++));
    await using rig = await givenRouter();
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(GET("/gone"));
    await eventually("in flight", async () => rig.router.inFlight()[app.address] === 1);
    socket.destroy();
    await eventually("H27 in the log", async () =>
      /at=error code=H27 desc="Client Request Interrupted" method=GET path="\/gone" .* status=499 /.test(
        await readFile(join(rig.directory, "blog.log"), "utf8").catch(() => ""),
      ),
    );
    await eventually("the app hears it", async () => closed === 1);
  });

  it("nothing at all while it is slow: an answer waits longer for its reader than for its app", async () => {
    const size = 20_000_000;
    await using app = await givenApp((_, response) => response.end(Buffer.alloc(size)));
    await using rig = await givenRouter({ limits: { idleMs: 300, slowClientMs: 5_000 } });
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.write(GET("/", "Connection: close"));
    socket.pause();
    await sleep(1_200);
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
    expect(bytes).toBeGreaterThan(size);
  });

  it("H12 when the first byte is late, counted from the end of the request", async () => {
    await using app = await givenApp(() => {});
    await using rig = await givenRouter({ limits: { firstByteMs: 400, idleMs: 5_000 } });
    rig.route([app.address]);
    const socket = connect(rig.port, "127.0.0.1");
    const heard = hear(socket, /"request_id"/);
    socket.write(POST("", "Content-Length: 2", JSON_ONLY));
    await sleep(500);
    socket.write("ab");
    const startMs = performance.now();
    expect(codeOf(await heard)).toBe("H12");
    expect(performance.now() - startMs).toBeGreaterThan(200);
    await eventually("no connection to the app", async () => (await app.connections()) === 0);
  });

  it("H13 when the app closes without an answer, H17 when it does not speak HTTP", async () => {
    await using closing = await givenServer((socket) => socket.on("data", () => socket.end()));
    await using resetting = await givenServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
    await using babbling = await givenServer((socket) => socket.on("data", () => socket.write("SSH-2.0-OpenSSH\r\n\r\n")));
    await using rig = await givenRouter();
    for (const [app, code] of [
      [closing, "H13"],
      [resetting, "H13"],
      [babbling, "H17"],
    ] as const) {
      rig.route([app.address]);
      expect(codeOf(await ask(rig.port))).toBe(code);
    }
  });

  it("H15 when an upload stalls, by a cut when an answer stalls", async () => {
    await using app = await givenApp((_, response) => response.writeHead(200).write("half"));
    await using rig = await givenRouter({ limits: { idleMs: 300 } });
    rig.route([app.address]);
    const answer = await speak(rig.port, GET("/"));
    expect(answer).toMatch(/4\r\nhalf\r\n$/);
    await using reading = await givenApp((request) => request.resume());
    rig.route([reading.address]);
    expect(codeOf(await speak(rig.port, POST("a", "Content-Length: 2", JSON_ONLY), /"request_id"/))).toBe("H15");
  });

  it("by a cut when the app breaks off (H18), never by an answer that looks whole", async () => {
    await using app = await givenServer((socket) => {
      socket.on("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        setTimeout(() => socket.destroy(), 50);
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    expect(await speak(rig.port, GET("/"))).toMatch(/4\r\nhalf\r\n$/);
    await eventually("H18 in the log", async () =>
      (await readFile(join(rig.directory, "blog.log"), "utf8").catch(() => "")).includes("code=H18"),
    );
  });

  it("431 for a head without end, and a cut for who floods on instead of reading it", async () => {
    await using rig = await givenRouter({ limits: { lingerMs: 60_000 } });
    rig.route(["127.0.0.1:1"]);
    const socket = connect(rig.port, "127.0.0.1");
    socket.on("error", () => {});
    const answered = hear(socket, /\r\n\r\n/);
    socket.write(`GET / HTTP/1.1\r\nHost: blog.localhost\r\n${`X-Flood: ${"a".repeat(1_000)}\r\n`.repeat(40)}`);
    expect(await answered).toMatch(/^HTTP\/1.1 431 /);
    const closed = once(socket, "close");
    let cut = false;
    void closed.then(() => {
      cut = true;
    });
    while (!cut) {
      if (!socket.write(Buffer.alloc(64 * 1024, 97))) await Promise.race([once(socket, "drain"), closed]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(socket.bytesWritten).toBeLessThan(16 * 1024 * 1024);
  });

  it("H26 for what is not HTTP", async () => {
    await using rig = await givenRouter();
    expect(await speak(rig.port, "SSH-2.0-OpenSSH\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*H26 Bad request/s);
    expect(await speak(rig.port, "\x16\x03\x01\x02\x00\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("H99 for a defect of our own, which is reported, and the connection closes", async () => {
    await using rig = await givenRouter();
    rig.condition("no such condition" as RouteCondition);
    const answer = await speak(rig.port, GET("/1", JSON_ONLY) + GET("/2", JSON_ONLY));
    expect(answer.match(/HTTP\/1\.1 500 .*|Connection: close|"code":"H99"/g)).toHaveLength(3);
    expect(rig.defects).toHaveLength(1);
  });

  it("404 for a host that is nobody's, by any spelling, and never another app's answer", async () => {
    await using app = await givenApp((_, response) => response.end("the app"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    for (const host of ["other.localhost", "blog.localhost.evil.example", "xblog.localhost", "log.localhost", "localhost.blog"]) {
      expect(await speak(rig.port, GET("/").replace("blog.localhost", host), /<\/html>|<small>/)).toMatch(/^HTTP\/1\.1 404 /);
    }
    for (const host of ["BLOG.localhost", "blog.localhost.", "blog.localhost:1234"]) {
      expect(await speak(rig.port, GET("/").replace("blog.localhost", host), /the app/)).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(await speak(rig.port, "GET / HTTP/1.1\r\nHost: paas.example\r\n\r\n", /runs here/)).toContain("200 OK");
  });

  it("503 with Retry-After before the first table", async () => {
    await using rig = await givenRouter();
    expect(await ask(rig.port)).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1\r\n/s);
  });
});

describe("an instance that cannot be reached", () => {
  it("is left alone for a while after a refusal, then tried again", async () => {
    await using sound = await givenApp((_, response) => response.end("sound"));
    await using rig = await givenRouter({ limits: { quarantineMs: 700 } });
    const address = await closedAddress();
    rig.route([address, sound.address]);
    const answers = async () => {
      const heard = await Promise.all(Array.from({ length: 20 }, () => speak(rig.port, GET("/"), /sound|back/)));
      return new Set(heard.map((answer) => /sound|back/.exec(answer)?.[0]));
    };
    expect(await answers()).toEqual(new Set(["sound"]));
    const back = createServer((_, response) => response.end("back"));
    await new Promise<void>((resolve) => back.listen(Number(address.split(":")[1]), "127.0.0.1", resolve));
    expect(await answers()).toEqual(new Set(["sound"]));
    await eventually("both answer", async () => (await answers()).size === 2, 3_000);
    back.close();
    back.closeAllConnections();
  });

  it("costs no request while another one answers, POST included", async () => {
    await using app = await givenApp((request, response) => {
      request.resume();
      response.end("ok");
    });
    await using rig = await givenRouter();
    rig.route([await closedAddress(), app.address]);
    for (let i = 0; i < 20; i++) {
      expect(await speak(rig.port, POST("x=1", "Content-Length: 3"), /ok$/)).toContain("200 OK");
    }
    // After the first refusal all go to the other one at once: the connect time in the log stays far below a timeout.
    await eventually(
      "20 lines",
      async () => (await readFile(join(rig.directory, "blog.log"), "utf8").catch(() => "")).split("\n").length === 21,
    );
    expect(await readFile(join(rig.directory, "blog.log"), "utf8")).not.toContain("at=error");
  });
});

describe("an app that closes its idle connections", () => {
  /** Answers once on each connection and closes it when the next request arrives. */
  const closesOnSecond = () => {
    const requests: string[] = [];
    const server = givenServer((socket) => {
      let answered = false;
      socket.on("data", (data) => {
        requests.push(String(data).split(" ")[0] ?? "");
        if (answered) socket.destroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        answered = true;
      });
    });
    return { server, requests };
  };

  it("gets a GET again on a new connection", async () => {
    const { server, requests } = closesOnSecond();
    await using app = await server;
    await using rig = await givenRouter();
    rig.route([app.address]);
    for (let i = 0; i < 3; i++) expect(await speak(rig.port, GET("/"), /ok$/)).toContain("200 OK");
    expect(requests.filter((method) => method === "GET").length).toBeGreaterThan(3);
  });

  it("never gets a POST twice", async () => {
    const { server, requests } = closesOnSecond();
    await using app = await server;
    await using rig = await givenRouter();
    rig.route([app.address]);
    await speak(rig.port, GET("/"), /ok$/);
    expect(codeOf(await speak(rig.port, POST("x=1", "Content-Length: 3", JSON_ONLY), /"request_id"/))).toBe("H13");
    expect(requests).toEqual(["GET", "POST"]);
  });

  it("gets a POST on a new connection when the last one was idle for over a second", async () => {
    const { server, requests } = closesOnSecond();
    await using app = await server;
    await using rig = await givenRouter({ limits: { reuseUnrepeatableMs: 50 } });
    rig.route([app.address]);
    await speak(rig.port, GET("/"), /ok$/);
    await sleep(100);
    expect(await speak(rig.port, POST("x=1", "Content-Length: 3"), /ok$/)).toContain("200 OK");
    expect([requests, app.accepted()]).toEqual([["GET", "POST"], 2]);
  });
});

describe("an environment that starts", () => {
  it("has its requests held until it is there", async () => {
    await using app = await givenApp((_, response) => response.end("started"));
    await using rig = await givenRouter();
    rig.condition("starting", 5_000);
    const waiting = [speak(rig.port, GET("/1"), /started$/), speak(rig.port, POST("x=1", "Content-Length: 3"), /started$/)];
    await sleep(100);
    rig.condition("starting", 5_000);
    rig.route([app.address]);
    for (const answer of await Promise.all(waiting)) expect(answer).toContain("200 OK");
  });

  it("has no more held than the limit, and none longer than it may take: H20", async () => {
    await using rig = await givenRouter({ limits: { heldPerRoute: 2 } });
    rig.condition("starting", 1_500);
    const startMs = performance.now();
    const first = [ask(rig.port), ask(rig.port)];
    await sleep(50);
    expect(codeOf(await ask(rig.port))).toBe("H20");
    expect(performance.now() - startMs).toBeLessThan(1_400);
    for (const answer of await Promise.all(first)) expect(codeOf(answer)).toBe("H20");
  });
});

describe("held requests", () => {
  it("have a budget in bytes over all environments, freed when they go", async () => {
    await using app = await givenApp((_, response) => response.end("started"));
    await using rig = await givenRouter({ limits: { heldBytes: 80_000, waitingBytes: 64 * 1024 } });
    rig.condition("starting", 5_000);
    // 5 kB each, and 64 kB for a body of unknown length.
    const upload = connect(rig.port, "127.0.0.1");
    upload.write(`POST / HTTP/1.1\r\nHost: blog.localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
    await sleep(50);
    const small = speak(rig.port, GET("/"), /started$/);
    await sleep(50);
    expect(codeOf(await speak(rig.port, POST("", "Transfer-Encoding: chunked", JSON_ONLY), /"request_id"/))).toBe("H20");
    upload.destroy();
    await sleep(50);
    const second = speak(rig.port, POST("1\r\na\r\n0\r\n\r\n", "Transfer-Encoding: chunked"), /started$/);
    await sleep(50);
    rig.route([app.address]);
    for (const answer of await Promise.all([small, second])) expect(answer).toContain("200 OK");
  });
});

describe("git over HTTP", () => {
  it("goes to control's socket, streaming, with who asks; 503 while nobody is there", async () => {
    await using rig = await givenRouter({ limits: { idleMs: 200, firstByteMs: 200 } });
    rig.router.apply({ version: 1, routes: [] });
    const ASK =
      "POST /git/blog.git/git-receive-pack HTTP/1.1\r\nHost: paas.example\r\nContent-Length: 3\r\nX-Forwarded-For: 6.6.6.6\r\n\r\nabc";
    expect(await speak(rig.port, ASK, /<\/small>/)).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 1/s);
    const control = createServer(async (request, response) => {
      response.write(`${request.url} ${request.headers["x-forwarded-for"]} `);
      for await (const chunk of request) response.write(chunk);
      // Longer than any time limit of an app's request.
      await sleep(600);
      response.end(" done");
    });
    await new Promise<void>((resolve) => control.listen(join(rig.directory, "git.sock"), resolve));
    const answer = await speak(rig.port, ASK, /done/);
    expect(answer).toContain("200 OK");
    expect(answer).toContain("/git/blog.git/git-receive-pack 127.0.0.1 ");
    control.close();
  });
});
