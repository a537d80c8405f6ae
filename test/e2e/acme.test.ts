import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority } from "../../control/tls/local-authority.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

let platform: Platform;
let directory: string;
const children: ChildProcess[] = [];

/** Debian's pebble, with its bad nonces; it asks the names' addresses of pebble-challtestsrv: all are 127.0.0.1. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "acme-"));
  const [acme, management, dns, dnsManagement, tls] = (await freePorts(5)) as [number, number, number, number, number];
  const authority = makeAuthority("pebble's own", Date.now());
  const pair = issueCertificate(authority, "localhost", Date.now());
  for (const [name, content] of Object.entries({ "ca.pem": authority.certificate, "cert.pem": pair.certificate, "key.pem": pair.key }))
    writeFileSync(join(directory, name), content);
  platform = await givenPlatform({
    settings: {
      PUSHBOAT_TLS: "acme",
      PUSHBOAT_ACME_DIRECTORY: `https://localhost:${acme}/dir`,
      PUSHBOAT_ACME_EMAIL: "admin@example.com",
      NODE_EXTRA_CA_CERTS: join(directory, "ca.pem"),
    },
  });
  const config = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(directory, "cert.pem"),
    privateKey: join(directory, "key.pem"),
    httpPort: platform.ports.http,
    tlsPort: tls,
  };
  writeFileSync(join(directory, "pebble.json"), JSON.stringify({ pebble: config }));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", ""];
  const names = ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`, "-defaultIPv6", ""];
  const start = (file: string, argv: readonly string[]) =>
    children.push(spawn(file, argv, { stdio: "ignore", env: { ...process.env, PEBBLE_VA_NOSLEEP: "1" } }));
  start("pebble-challtestsrv", [
    ...names,
    ...(execFileSync("sh", ["-c", "pebble-challtestsrv -help 2>&1 || true"], { encoding: "utf8" }).includes("-doh")
      ? off
      : off.slice(0, 6)),
  ]);
  start("pebble", ["-config", join(directory, "pebble.json"), "-dnsserver", `127.0.0.1:${dns}`]);
  await eventually("pebble listens", async () => {
    const socket = connect({ port: acme, host: "127.0.0.1", ca: authority.certificate, servername: "localhost" });
    await once(socket, "secureConnect");
    socket.destroy();
    return true;
  });
});

afterAll(async () => {
  await platform?.stop();
  for (const child of children) child.kill();
  rmSync(directory, { recursive: true, force: true });
});

async function shown(host: string): Promise<DetailedPeerCertificate> {
  const socket = connect({ port: platform.ports.https, host: "127.0.0.1", servername: host, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return socket.getPeerCertificate(true);
  } finally {
    socket.destroy();
  }
}

describe("--tls acme", () => {
  it("has a certificate signed for an app's host and for a domain of its own, live without a restart", async () => {
    const app = await platform.givenApp(tinyApp("public"), { app: "blog" });
    const push = await app.push("main");
    expect(push.code, push.output).toBe(0);
    expect((await platform.ssh("domains:add blog www.shop.example")).code).toBe(0);
    for (const host of ["blog.localhost", "www.shop.example"]) {
      const { subjectaltname, issuer } = await eventually(`a certificate for ${host}`, () => shown(host), 60_000);
      expect(subjectaltname).toBe(`DNS:${host}`);
      expect(issuer.CN).toMatch(/Pebble/);
    }
  });
});
