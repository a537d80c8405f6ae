import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority, type Pair } from "../../../control/tls/local-authority.ts";
import type { HostName } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { givenApp, givenRouter, type Rig } from "./rig.ts";

const HOST = "blog.localhost" as HostName;
let authority: Pair;

beforeAll(() => {
  authority = makeAuthority("test authority", Date.now());
});

async function listening(rig: Rig): Promise<number> {
  rig.router.setCertificates([{ hosts: [HOST], ...issueCertificate(authority, HOST, Date.now()) }]);
  rig.router.https.listen(0, "127.0.0.1");
  await once(rig.router.https, "listening");
  return (rig.router.https.address() as AddressInfo).port;
}

async function open(port: number): Promise<ClientHttp2Session & AsyncDisposable> {
  const session = connect(`https://${HOST}`, {
    createConnection: () => connectTls({ ca: authority.certificate, host: "127.0.0.1", port, servername: HOST, ALPNProtocols: ["h2"] }),
  });
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return Object.assign(session, { [Symbol.asyncDispose]: async () => session.destroy() });
}

async function answerOf(stream: ClientHttp2Stream): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { status: headers[":status"], headers, body: Buffer.concat(chunks).toString() };
}

const ask = (session: ClientHttp2Session, path: string, headers = {}, body?: string | Buffer) => {
  const stream = session.request({ ":authority": HOST, ":path": path, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
};

const lastLine = async (rig: Rig, part: string) => {
  const read = async () =>
    (await readFile(join(rig.directory, "blog.log"), "utf8").catch(() => "")).split("\n").find((l) => l.includes(part));
  await eventually(`${part} in the log`, async () => (await read()) !== undefined);
  return (await read()) as string;
};

const [HEADERS, RESET, SETTINGS] = [1, 3, 4] as const;
/** HPACK's static table: GET, /, https; :authority in letters. */
const GET_ROOT = Buffer.concat([Buffer.from([0x82, 0x84, 0x87, 0x41, HOST.length]), Buffer.from(HOST)]);

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

describe("HTTP/2", () => {
  it("carries many requests of one connection to an HTTP/1.1 app, with the edge's headers and the log line of any other", async () => {
    await using app = await givenApp((request, response) => {
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.end(JSON.stringify({ url: request.url, version: request.httpVersion, headers: request.headers }));
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    await using session = await open(await listening(rig));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => ask(session, `/${at}`, { cookie: "x=1" })));
    for (const [at, { status, headers, body }] of answers.entries()) {
      const seen = JSON.parse(body);
      expect([status, seen.url, seen.version]).toEqual([200, `/${at}`, "1.1"]);
      expect(seen.headers).toMatchObject({ host: HOST, cookie: "x=1", "x-forwarded-proto": "https", "x-forwarded-port": "8443" });
      expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
      expect(headers["connection"]).toBeUndefined();
    }
    expect(await lastLine(rig, `path="/49"`)).toMatch(/at=info method=GET .*dyno=web\.1 .*status=200 bytes=\d+ protocol=https/);
    expect(rig.defects).toEqual([]);
  });

  it("carries large bodies both ways, with and without a length, and HEAD", async () => {
    const size = 3_000_000;
    await using app = await givenApp((request, response) => {
      let bytes = 0;
      request.on("data", (chunk) => {
        bytes += chunk.length;
      });
      request.on("end", () => {
        response.setHeader("x-got", `${bytes} ${request.headers["transfer-encoding"] ?? "length"}`);
        response.end(Buffer.alloc(size, "x"));
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    await using session = await open(await listening(rig));
    const body = Buffer.alloc(size, "y");
    const chunked = await ask(session, "/", { ":method": "POST" }, body);
    expect([chunked.headers["x-got"], chunked.body.length]).toEqual([`${size} chunked`, size]);
    const sized = await ask(session, "/", { ":method": "POST", "content-length": size }, body);
    expect([sized.headers["x-got"], sized.body.length]).toEqual([`${size} length`, size]);
    const head = await ask(session, "/", { ":method": "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
    expect(rig.defects).toEqual([]);
  });

  it("tells failures by the same codes; a cut answer resets its stream alone, a reset stream frees its instance", async () => {
    let gone = false;
    await using app = await givenApp((request, response) => {
      if (request.url === "/half") {
        response.writeHead(200, { "content-length": "10" });
        response.write("12345", () => response.destroy());
      }
      if (request.url === "/never") request.socket.on("close", () => (gone = true));
      if (request.url === "/") response.end("ok");
    });
    await using rig = await givenRouter();
    await using session = await open(await listening(rig));
    rig.condition("empty");
    const empty = await ask(session, "/", { accept: "application/json" });
    expect([empty.status, empty.body]).toEqual([404, expect.stringContaining("H81")]);
    rig.route([app.address]);
    await expect(ask(session, "/half")).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" });
    const never = session.request({ ":authority": HOST, ":path": "/never" });
    never.on("error", () => {});
    await eventually("it is in flight", async () => rig.router.inFlight()[app.address] === 1);
    never.close(constants.NGHTTP2_CANCEL);
    await eventually("the instance is free", async () => gone && rig.router.inFlight()[app.address] === undefined);
    expect(await lastLine(rig, `path="/never"`)).toContain("code=H27");
    expect((await ask(session, "/")).body).toBe("ok");
    expect(rig.defects).toEqual([]);
  });

  it("refuses what could be read in two ways, and heads that are too large", async () => {
    let requests = 0;
    await using app = await givenApp((_, response) => {
      requests++;
      response.end("ok");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    await using session = await open(await listening(rig));
    expect((await ask(session, "/", { host: "shop.localhost" })).status).toBe(400);
    await expect(ask(session, "/a HTTP/1.1")).rejects.toThrow();
    await expect(ask(session, "http://shop.localhost/")).rejects.toThrow(); // no path: HTTP/2 itself refuses it
    expect((await ask(session, "/", { "x-long": "a".repeat(9_000) })).status).toBe(431);
    await expect(
      ask(session, "/", Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`x-${at}`, "a".repeat(7_000)]))),
    ).rejects.toThrow();
    expect(requests).toBe(0);
    expect((await ask(session, "/")).body).toBe("ok");
  });

  it("ends a connection that opens and resets streams in a row, and serves others on", async () => {
    let requests = 0;
    await using app = await givenApp((_, response) => {
      requests++;
      response.end("ok");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    const port = await listening(rig);
    await using other = await open(port);
    const attacker = connectTls({ ca: authority.certificate, host: "127.0.0.1", port, servername: HOST, ALPNProtocols: ["h2"] });
    attacker.on("error", () => {});
    attacker.resume();
    await once(attacker, "secureConnect");
    attacker.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(SETTINGS, 0, 0, Buffer.alloc(0))]));
    const rounds = Array.from({ length: 2_000 }, (_, at) => 2 * at + 1);
    attacker.write(
      Buffer.concat(rounds.flatMap((id) => [frame(HEADERS, 0x05, id, GET_ROOT), frame(RESET, 0, id, Buffer.from([0, 0, 0, 8]))])),
    );
    await once(attacker, "close");
    expect(requests).toBeLessThan(1_000);
    expect((await ask(other, "/")).body).toBe("ok");
  });

  it("carries trailers to who wants them, as gRPC-like clients do; others get the answer without", async () => {
    await using app = await givenApp((request, response) => {
      response.setHeader("Trailer", "grpc-status");
      response.write("body");
      if (request.headers.te === "trailers") response.addTrailers({ "grpc-status": "0", "Set-Cookie": "a=b" });
      response.end();
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    await using session = await open(await listening(rig));
    for (const te of ["trailers", null]) {
      const stream = session.request({ ":authority": HOST, ":path": "/", ...(te === null ? {} : { te }) });
      let sum: unknown = null;
      stream.on("trailers", (fields) => {
        sum = [fields["grpc-status"], fields["set-cookie"]];
      });
      const { status, body } = await answerOf(stream);
      expect([status, body, sum]).toEqual([200, "body", te === null ? null : ["0", undefined]]);
    }
    // None, and none announced: the stream ends all the same.
    await using plain = await givenApp((_, response) => response.write("no ", () => response.end("trailers")));
    rig.route([plain.address]);
    expect(await ask(session, "/", { te: "trailers" })).toMatchObject({ status: 200, body: "no trailers" });
  });

  it("offers no WebSockets over it", async () => {
    await using rig = await givenRouter();
    await using session = await open(await listening(rig));
    expect(session.remoteSettings.enableConnectProtocol ?? false).toBe(false);
  });

  it("lets streams end when the router ends, and says goodbye to the connection", async () => {
    let answer = () => {};
    await using app = await givenApp((_, response) => {
      response.write("begun ");
      answer = () => response.end("done");
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    await using session = await open(await listening(rig));
    const slow = ask(session, "/");
    await eventually("it is in flight", async () => rig.router.inFlight()[app.address] === 1);
    const goodbye = once(session, "goaway");
    const closed = rig.router.close(10_000);
    await goodbye;
    answer();
    expect((await slow).body).toBe("begun done");
    await closed;
  });

  it("is what curl --http2 gets, and --http1.1 gets HTTP/1.1", async () => {
    await using app = await givenApp((_, response) => response.end("ok"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    const port = await listening(rig);
    const ca = join(rig.directory, "ca.pem");
    await writeFile(ca, authority.certificate);
    for (const [option, version] of [
      ["--http2", "2"],
      ["--http1.1", "1.1"],
    ] as const) {
      const argv = [
        "-sS",
        option,
        "--cacert",
        ca,
        "--resolve",
        `${HOST}:${port}:127.0.0.1`,
        "-w",
        " %{http_version}",
        `https://${HOST}:${port}/`,
      ];
      expect((await promisify(execFile)("curl", argv)).stdout).toBe(`ok ${version}`);
    }
  });
});
