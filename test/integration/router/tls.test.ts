import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority, type Pair } from "../../../control/tls/local-authority.ts";
import type { HostName } from "../../../core/index.ts";
import { Certificates } from "../../../router/certificates.ts";
import { createRouterControl } from "../../../router/index.ts";
import { eventually } from "../../support/eventually.ts";
import { GET, givenApp, givenRouter, givenServer, hear, POST, type Rig, speak } from "./rig.ts";

const HOST = "blog.localhost" as HostName;
const SHOP = "shop.localhost" as HostName;
let authority: Pair;

beforeAll(() => {
  authority = makeAuthority("test authority", Date.now());
});

const pairFor = (host: HostName) => ({ hosts: [host], ...issueCertificate(authority, host, Date.now()) });

async function listening(rig: Rig): Promise<number> {
  rig.router.https.listen(0, "127.0.0.1");
  await once(rig.router.https, "listening");
  return (rig.router.https.address() as AddressInfo).port;
}

/** Strict: the chain is checked against the test authority. */
async function open(port: number, servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername, ca: authority.certificate, ...options });
  await once(socket, "secureConnect");
  return socket;
}

async function ask(socket: TLSSocket, text: string, until?: RegExp): Promise<string> {
  const heard = hear(socket, until);
  socket.write(text, "latin1");
  return heard;
}

describe("HTTPS", () => {
  it("shows each host its own certificate, and says https to the app and in the log", async () => {
    await using app = await givenApp((request, response) =>
      response.end(`${request.headers["x-forwarded-proto"]} ${request.headers["x-forwarded-port"]} ${request.headers.host};`),
    );
    await using rig = await givenRouter();
    rig.route([app.address], { hosts: [HOST, SHOP] });
    rig.router.setCertificates([pairFor(HOST), pairFor(SHOP)]);
    const port = await listening(rig);
    for (const host of [HOST, SHOP]) {
      const socket = await open(port, host);
      expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${host}`);
      expect(await ask(socket, GET("/").replace(HOST, host), /;$/)).toContain(`https 8443 ${host};`);
      socket.destroy();
    }
    await eventually("https in the log", async () =>
      (await readFile(join(rig.directory, "blog.log"), "utf8").catch(() => "")).includes("protocol=https"),
    );
  });

  it("carries keep-alive, large bodies both ways and WebSockets", async () => {
    const size = 3_000_000;
    await using app = await givenApp((request, response) => {
      let bytes = 0;
      request.on("data", (chunk) => {
        bytes += chunk.length;
      });
      request.on("end", () => response.end(request.url === "/big" ? Buffer.alloc(size, "x") : `got ${bytes};`));
    });
    await using echo = await givenServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nwelcome");
        socket.on("data", (data) => socket.write(data));
      });
    });
    await using rig = await givenRouter();
    rig.route([app.address]);
    rig.router.setCertificates([pairFor(HOST)]);
    const port = await listening(rig);
    const socket = await open(port, HOST);
    expect(await ask(socket, POST("a".repeat(size), `Content-Length: ${size}`), /;$/)).toContain(`got ${size};`);
    expect((await ask(socket, GET("/big", "Connection: close"))).length).toBeGreaterThan(size);
    rig.route([echo.address]);
    const tunnel = await open(port, HOST);
    await ask(
      tunnel,
      GET("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
      /welcome/,
    );
    expect(await ask(tunnel, "hello", /hello/)).toBe("hello");
    tunnel.destroy();
    await eventually("no connection to the app", async () => (await echo.connections()) === 0);
  });

  it("refuses a name without a certificate, no name, and what is older than TLS 1.2; others are served on", async () => {
    await using app = await givenApp((_, response) => response.end("ok;"));
    await using rig = await givenRouter({ limits: { headMs: 500 } });
    rig.route([app.address]);
    rig.router.setCertificates([pairFor(HOST)]);
    const port = await listening(rig);
    await expect(open(port, "nobody.localhost")).rejects.toThrow();
    await expect(open(port, "")).rejects.toThrow();
    await expect(open(port, HOST, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" })).rejects.toThrow();
    await expect(open(port, HOST, { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" })).rejects.toThrow();
    const plain = connectPlain(port, "127.0.0.1");
    plain.on("error", () => {});
    plain.write(GET("/"));
    await hear(plain);
    expect(await ask(await open(port, HOST), GET("/", "Connection: close"))).toContain("ok;");
    expect(rig.defects).toEqual([]);
  });

  it("takes sessions up again", async () => {
    await using rig = await givenRouter();
    rig.condition("empty");
    rig.router.setCertificates([pairFor(HOST), pairFor(SHOP)]);
    const port = await listening(rig);
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const first = connect({ port, host: "127.0.0.1", servername: HOST, ca: authority.certificate, maxVersion });
      // TLS 1.2 tells during the handshake, 1.3 after it.
      const [session] = (await once(first, "session")) as [Buffer];
      first.destroy();
      const second = await open(port, HOST, { maxVersion, session });
      expect(second.isSessionReused()).toBe(true);
      second.destroy();
    }
  });

  it("shows a new certificate without a restart; connections that are open go on", async () => {
    await using app = await givenApp((_, response) => response.end("ok;"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    rig.router.setCertificates([pairFor(HOST)]);
    const port = await listening(rig);
    const before = await open(port, HOST);
    const next = pairFor(HOST);
    rig.router.setCertificates([next]);
    const after = await open(port, HOST);
    expect(after.getPeerCertificate().serialNumber).not.toBe(before.getPeerCertificate().serialNumber);
    expect(await ask(before, GET("/"), /;$/)).toContain("ok;");
    for (const socket of [before, after]) socket.destroy();
  });

  it("a certificate that cannot be read costs its own host alone", async () => {
    await using rig = await givenRouter();
    rig.condition("empty");
    rig.router.setCertificates([{ hosts: [SHOP], certificate: "broken", key: "broken" }, pairFor(HOST)]);
    const port = await listening(rig);
    await expect(open(port, SHOP)).rejects.toThrow();
    (await open(port, HOST)).destroy();
    expect(rig.defects).toHaveLength(1);
  });
});

describe("an app that forces HTTPS", () => {
  it("has plain requests sent on before a password is asked, GET by 301 and others by 308, and HSTS over HTTPS alone", async () => {
    await using app = await givenApp((_, response) => response.end("ok;"));
    await using rig = await givenRouter();
    const access = { user: "blog", passwordSha256: "00".repeat(32) };
    rig.route([app.address], { forceHttps: true, access });
    expect(await speak(rig.port, GET("/a?b=1"), /<\/html>/)).toMatch(
      /^HTTP\/1\.1 301 .*Location: https:\/\/blog\.localhost:8443\/a\?b=1\r\n/s,
    );
    expect(await speak(rig.port, POST("x=1", "Content-Length: 3"), /<\/html>/)).toMatch(
      /^HTTP\/1\.1 308 .*Location: https:\/\/blog\.localhost:8443\/\r\n/s,
    );
    rig.route([app.address], { forceHttps: true, hstsSeconds: 3600 });
    expect(await speak(rig.port, GET("/"), /<\/html>/)).not.toContain("Strict-Transport-Security");
    rig.router.setCertificates([pairFor(HOST)]);
    const socket = await open(await listening(rig), HOST);
    expect(await ask(socket, GET("/"), /;$/)).toMatch(/Strict-Transport-Security: max-age=3600\r\n/);
    socket.destroy();
  });
});

describe("certificates on their way from control", () => {
  it("lie in a file that only root and the router read, and are there with the table that names their hosts", async () => {
    const runDirectory = await mkdtemp(join(tmpdir(), "run-"));
    const control = createRouterControl({ settings: { runDirectory }, log: pino({ enabled: false }), routerUser: null });
    try {
      const path = join(runDirectory, "routes", "certificates.json");
      const certificates = new Certificates(path);
      await certificates.load();
      expect(certificates.find(HOST)).toBeNull();
      await control.setCertificates([pairFor(HOST)]);
      expect((await stat(path)).mode & 0o777).toBe(0o640);
      await certificates.load();
      const context = certificates.find("BLOG.localhost");
      expect(context).not.toBeNull();
      await sleep(10);
      await control.setCertificates([]);
      await certificates.load();
      expect(certificates.find(HOST)).toBeNull();
    } finally {
      await control.close();
      await rm(runDirectory, { recursive: true });
    }
  });
});
