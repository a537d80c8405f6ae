import { createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";
import { givenPebble, type Pebble } from "../support/pebble.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** A domain that could be registered; pebble's DNS finds it at 127.0.0.1, and nobody else is asked. */
const DOMAIN = "apps.example.com";
let platform: Platform;
let pebble: Pebble;
let app: WorkingCopy;

beforeAll(async () => {
  const [http, https] = (await freePorts(2)) as [number, number];
  pebble = await givenPebble({ httpPort: http, tlsPort: https });
  platform = await givenPlatform({
    domain: DOMAIN,
    ports: { http, https },
    settings: {
      PUSHBOAT_TLS: "acme",
      PUSHBOAT_ACME_DIRECTORY: pebble.directoryUrl,
      PUSHBOAT_ACME_EMAIL: "admin@example.com",
      PUSHBOAT_ACME_WEEKLY_LIMIT: "3",
      NODE_EXTRA_CA_CERTS: pebble.caFile,
    },
  });
});

afterAll(async () => {
  await platform?.stop();
  await pebble?.stop();
});

/** Fails where the handshake does. */
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
  it("has a certificate signed for an added domain at once, and for an app's own host at the first handshake, which waits for it", async () => {
    app = await platform.givenApp(tinyApp("public"), { app: "blog" });
    const push = await app.push("main");
    expect(push.code, push.output).toBe(0);
    expect((await platform.ssh("domains:add blog www.shop.example")).code).toBe(0);
    const own = await eventually("a certificate for the added domain", () => shown("www.shop.example"), 60_000);
    expect([own.subjectaltname, own.issuer.CN]).toEqual(["DNS:www.shop.example", expect.stringMatching(/Pebble/)]);
    const first = await shown(`blog.${DOMAIN}`);
    expect(first.subjectaltname).toBe(`DNS:blog.${DOMAIN}`);
    expect((await shown(`blog.${DOMAIN}`)).serialNumber).toBe(first.serialNumber);
  });

  it("orders nothing for names of nobody, and for branches no more than a part of what a domain gets in a week", async () => {
    await expect(shown(`nobody.${DOMAIN}`)).rejects.toThrow();
    for (const branch of ["one", "two"]) {
      const made = await platform.ssh(`envs:create blog@${branch} --from blog`);
      expect(made.code, made.output).toBe(0);
    }
    expect((await shown(`one--blog.${DOMAIN}`)).subjectaltname).toBe(`DNS:one--blog.${DOMAIN}`);
    // Two of three a week are for branches, counted over a restart too.
    expect((await platform.pushboat(["restart"])).code).toBe(0);
    expect((await shown(`two--blog.${DOMAIN}`)).subjectaltname).toBe(`DNS:two--blog.${DOMAIN}`);
    const made = await platform.ssh("envs:create blog@three --from blog");
    expect(made.code, made.output).toBe(0);
    await expect(shown(`three--blog.${DOMAIN}`)).rejects.toThrow();
  });

  it("says in `certs` what each host shows, what went wrong and when it is tried again, and in a push what is wrong", async () => {
    const { hosts } = JSON.parse((await platform.ssh("certs blog@three --json")).stdout);
    const reason = "no more than 2 new certificates a week for branches below example.com";
    expect(hosts).toEqual([
      expect.objectContaining({ host: `three--blog.${DOMAIN}`, source: null, error: reason, next: expect.stringMatching(/^20\d\d-/) }),
    ]);
    const all = JSON.parse((await platform.ssh("certs:all --json")).stdout) as { host: string; source: string; next: string }[];
    expect(all[0]?.host).toBe(`three--blog.${DOMAIN}`);
    expect(all.find(({ host }) => host === `blog.${DOMAIN}`)).toMatchObject({ source: "acme", issuer: expect.stringMatching(/Pebble/) });
    app.write("text.js", 'module.exports = "three";');
    const push = await app.push("three");
    expect(push.code, push.output).toBe(0);
    expect(push.output).toContain(` !     no certificate was signed for three--blog.${DOMAIN}: ${reason}; tried again 20`);
  });

  it("leaves neither the account's key nor a certificate's in plain in the data directory", async () => {
    // On tmpfs, for the router: what is looked for.
    const given = JSON.parse(readFileSync(join(platform.runDirectory, "routes/certificates.json"), "utf8")) as { key: string }[];
    expect(given.length).toBeGreaterThanOrEqual(4);
    const keys = given.map(({ key }) => createPrivateKey(key));
    const { stdout } = await run(["findmnt", "-n", "-o", "FSTYPE", "-T", platform.runDirectory]);
    expect(stdout.trim()).toBe("tmpfs");
    const needles = keys.flatMap((key) => {
      const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
      const pem = key.export({ type: "pkcs8", format: "pem" }).toString().split("\n");
      return [secret, Buffer.from(secret.toString("hex")), Buffer.from(secret.toString("base64url")), Buffer.from(pem[2] ?? "?")];
    });
    needles.push(Buffer.from("PRIVATE KEY"));
    const files = readdirSync(platform.dataDirectory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    // The SSH server's own key is a file of root's, as everywhere.
    const stateFiles = files.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => !/\/(layers|builds|ssh)\//.test(path));
    expect(stateFiles.some((path) => path.endsWith("state.db"))).toBe(true);
    const found = stateFiles.filter((path) => {
      const content = readFileSync(path);
      return needles.some((needle) => content.includes(needle));
    });
    expect(found).toEqual([]);
  });
});
