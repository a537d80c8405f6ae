import { once } from "node:events";
import { mkdtemp, readFile, rm, utimes } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority, type Pair } from "../../../control/tls/local-authority.ts";
import type { HostName } from "../../../core/index.ts";
import { KEY_LIFE_MS, keepTicketKey } from "../../../router/ticket-key.ts";
import { run } from "../../support/command.ts";
import { givenApp, givenRouter, type Rig } from "./rig.ts";

const HOST = "blog.localhost" as HostName;
let authority: Pair;
let directory: string;

beforeAll(async () => {
  authority = makeAuthority("test authority", Date.now());
  directory = await mkdtemp(join(tmpdir(), "sessions-"));
});

afterAll(() => rm(directory, { recursive: true }));

async function listening(rig: Rig): Promise<number> {
  rig.router.https.listen(0, "127.0.0.1");
  await once(rig.router.https, "listening");
  await rig.router.load();
  rig.router.setCertificates([{ hosts: [HOST], ...pair() }]);
  return (rig.router.https.address() as AddressInfo).port;
}

let known: Pair | null = null;
const pair = (): Pair => {
  known ??= issueCertificate(authority, HOST, Date.now());
  return known;
};

/** One request by `openssl s_client`, in a process of its own: what it prints. */
async function client(port: number, ...argv: string[]): Promise<string> {
  const command: [string, ...string[]] = ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-servername", HOST, "-ign_eof", ...argv];
  const { output } = await run(command, { stdin: `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`, timeoutMs: 20_000 });
  return output;
}

describe("TLS sessions", () => {
  it.each(["-tls1_2", "-tls1_3"])(
    "are resumed by another router that has the same key, and not after another key (%s)",
    async (version) => {
      const ticketKeyFile = join(directory, `key${version}`);
      const session = join(directory, `session${version}`);
      await keepTicketKey(ticketKeyFile, null, Date.now());
      await using app = await givenApp((_, response) => response.end("over tls"));
      await using one = await givenRouter({ ticketKeyFile });
      await using other = await givenRouter({ ticketKeyFile });
      for (const rig of [one, other]) rig.route([app.address]);
      const [onePort, otherPort] = [await listening(one), await listening(other)];
      expect(await client(onePort, version, "-sess_out", session)).toMatch(/^New, TLSv1[\s\S]*over tls/m);
      expect(await client(onePort, version, "-sess_in", session)).toMatch(/^Reused, TLSv1[\s\S]*over tls/m);
      expect(await client(otherPort, version, "-sess_in", session)).toMatch(/^Reused, TLSv1/m);

      const before = await readFile(ticketKeyFile);
      await keepTicketKey(ticketKeyFile, null, Date.now());
      expect(await readFile(ticketKeyFile)).toEqual(before);
      const old = new Date(Date.now() - KEY_LIFE_MS - 1000);
      await utimes(ticketKeyFile, old, old);
      await keepTicketKey(ticketKeyFile, null, Date.now());
      expect(await readFile(ticketKeyFile)).not.toEqual(before);
      await other.router.load();
      expect(await client(otherPort, version, "-sess_in", session)).toMatch(/^New, TLSv1[\s\S]*over tls/m);
    },
  );

  it("are of TLS 1.2 at least, with forward secrecy and authenticated encryption only", async () => {
    await using app = await givenApp((_, response) => response.end("over tls"));
    await using rig = await givenRouter();
    rig.route([app.address]);
    const port = await listening(rig);
    expect(await client(port, "-tls1_3")).toMatch(/Cipher is TLS_(AES|CHACHA20)[\s\S]*over tls/);
    for (const cipher of ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"])
      expect(await client(port, "-tls1_2", "-cipher", cipher)).toContain(`Cipher is ${cipher}`);
    const refused = ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"];
    for (const cipher of refused) expect(await client(port, "-tls1_2", "-cipher", cipher), cipher).toContain("Cipher is (NONE)");
    for (const version of ["-tls1_1", "-tls1"])
      expect(await client(port, version, "-cipher", "DEFAULT@SECLEVEL=0"), version).toContain("Cipher is (NONE)");
  });
});
