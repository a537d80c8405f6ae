import { once } from "node:events";
import { type AddressInfo, connect as connectPlain, createServer } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority, type Pair } from "../../../control/tls/local-authority.ts";
import type { HostName } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { givenApp, givenRouter, givenTable, type Rig } from "./rig.ts";

const HOST = "blog.localhost" as HostName;
let authority: Pair;
let challenger: Pair;

beforeAll(() => {
  authority = makeAuthority("test authority", Date.now());
  challenger = makeAuthority("challenge", Date.now());
});

async function listening(rig: Rig): Promise<number> {
  rig.router.https.listen(0, "127.0.0.1");
  await once(rig.router.https, "listening");
  return (rig.router.https.address() as AddressInfo).port;
}

async function open(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: "127.0.0.1", servername: HOST, rejectUnauthorized: false, ...options });
  await once(socket, "secureConnect");
  return socket;
}

const issuerOf = async (port: number, options: ConnectionOptions = {}) => {
  const socket = await open(port, options);
  const seen = [socket.alpnProtocol, socket.getPeerCertificate().issuer.CN];
  socket.destroy();
  return seen;
};

/** Hands on what a client says one byte at a time. */
async function givenSlowPath(port: number): Promise<{ port: number; close(): void }> {
  const server = createServer((client) => {
    const router = connectPlain({ port, host: "127.0.0.1", noDelay: true });
    client.on("data", async (chunk: Buffer) => {
      client.pause();
      for (const byte of chunk) await new Promise<void>((resolve) => router.write(Buffer.from([byte]), () => setImmediate(resolve)));
      client.resume();
    });
    router.pipe(client);
    for (const socket of [client, router]) socket.on("error", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe("a TLS-ALPN-01 challenge", () => {
  it("is seen by who speaks acme-tls/1 only; everybody else sees the host's own certificate, h2 and HTTP/1.1 as ever", async () => {
    await using app = await givenApp((_, response) => response.end("over tls"));
    await using rig = await givenRouter();
    const port = await listening(rig);
    rig.router.setCertificates([{ hosts: [HOST], ...issueCertificate(authority, HOST, Date.now()) }]);
    const table = givenTable([app.address]);
    const acme = { ALPNProtocols: ["acme-tls/1"] };
    rig.router.apply(table);
    await expect(open(port, acme)).rejects.toThrow();

    const challenge = { kind: "tls-alpn-01", host: HOST, ...issueCertificate(challenger, HOST, Date.now()) } as const;
    rig.router.apply({ ...table, version: table.version + 1, challenges: [challenge] });
    expect(await issuerOf(port, acme)).toEqual(["acme-tls/1", "challenge"]);
    await expect(open(port, { ...acme, servername: "other.localhost" })).rejects.toThrow();
    expect(await issuerOf(port, { ALPNProtocols: ["h2"] })).toEqual(["h2", "test authority"]);
    expect(await issuerOf(port)).toEqual([false, "test authority"]);
    const slow = await givenSlowPath(port);
    expect(await issuerOf(slow.port)).toEqual([false, "test authority"]);
    expect(await issuerOf(slow.port, acme)).toEqual(["acme-tls/1", "challenge"]);
    slow.close();
    const visitor = await open(port);
    visitor.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(String((await once(visitor, "data"))[0])).toMatch(/^HTTP\/1\.1 200/);
    const plain = connectPlain({ port, host: "127.0.0.1" });
    plain.write("GET / HTTP/1.1\r\n\r\n");
    await once(plain.resume(), "close");

    rig.router.apply({ ...table, version: table.version + 2 });
    await expect(open(port, acme)).rejects.toThrow();
    expect(rig.defects).toEqual([]);
  });
});

describe("a handshake for a host without a certificate", () => {
  it("waits for one that is ordered, and only where that can be and the host is ours", async () => {
    await using rig = await givenRouter({ ordersCertificates: true });
    const port = await listening(rig);
    rig.route([]);
    await expect(open(port, { servername: "nobody.localhost" })).rejects.toThrow();
    const waiting = open(port);
    const [asked] = (await new Promise<readonly string[]>((resolve) => {
      const heard: string[] = [];
      rig.router.control.listen(`${rig.directory}/control.sock`, () => {
        const control = connectPlain(`${rig.directory}/control.sock`).setEncoding("utf8");
        control.on("data", (text: string) => {
          heard.push(...text.split("\n").filter((line) => line.includes("certificate-wanted")));
          if (heard.length > 0) resolve(heard);
        });
      });
    })) as [string];
    expect(JSON.parse(asked)).toEqual({ kind: "certificate-wanted", host: HOST });
    rig.router.setCertificates([{ hosts: [HOST], ...issueCertificate(authority, HOST, Date.now()) }]);
    const socket = await waiting;
    expect(socket.getPeerCertificate().issuer.CN).toBe("test authority");
    socket.destroy();
  });

  it("is let go when control says that there will be none, and for some seconds not asked for again", async () => {
    await using rig = await givenRouter({ ordersCertificates: true });
    const port = await listening(rig);
    rig.route([]);
    rig.router.control.listen(`${rig.directory}/control.sock`);
    await once(rig.router.control, "listening");
    const control = connectPlain(`${rig.directory}/control.sock`).setEncoding("utf8");
    let asked = 0;
    control.on("data", (text: string) => {
      if (!text.includes("certificate-wanted")) return;
      asked += 1;
      control.write(`${JSON.stringify({ kind: "no-certificate", host: HOST })}\n`);
    });
    await eventually("control is connected", async () => control.readyState === "open");
    for (let time = 0; time < 3; time += 1) await expect(open(port)).rejects.toThrow();
    expect(asked).toBe(1);
    control.destroy();
  });
});
