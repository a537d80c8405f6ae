import { once } from "node:events";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free-ports.ts";
import { givenPebble, type Pebble } from "../support/pebble.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

/** A domain that could be registered; pebble's DNS finds it at 127.0.0.1, and nobody else is asked. */
const DOMAIN = "apps.example.com";
let platform: Platform;
let pebble: Pebble;

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
    const app = await platform.givenApp(tinyApp("public"), { app: "blog" });
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
});
