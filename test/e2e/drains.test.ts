import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority } from "../../control/tls/local-authority.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

let platform: Platform;
let directory: string;
let recorder: Server;
const heard: { environment: string; source: string; text: string }[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "drains-"));
  const authority = makeAuthority("a log service", Date.now());
  const pair = issueCertificate(authority, "localhost", Date.now());
  writeFileSync(join(directory, "ca.pem"), authority.certificate);
  recorder = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      heard.push(...JSON.parse(body));
      response.end();
    });
  });
  await new Promise<void>((resolve) => recorder.listen(0, "127.0.0.1", resolve));
  platform = await givenPlatform({ settings: { NODE_EXTRA_CA_CERTS: join(directory, "ca.pem") } });
});

afterAll(async () => {
  await platform?.stop();
  recorder?.close();
  recorder?.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

describe("a log drain", () => {
  it("gets what an app, its branches and the router say, from drains:add to drains:remove", async () => {
    const app = await platform.givenApp(tinyApp("logs"), { app: "blog" });
    await app.mustPush();
    const { port } = recorder.address() as AddressInfo;
    const added = await platform.ssh(`drains:add blog https://user:secret@localhost:${port}/in`);
    expect(added.code, added.output).toBe(0);
    expect(added.output).not.toContain("secret");
    await app.mustPush("feature-x");
    for (const host of ["blog.localhost", "feature-x--blog.localhost"])
      expect((await platform.http(host, `/say?text=${encodeURIComponent(`from ${host}`)}`)).status).toBe(200);
    await eventually("all of it arrives", async () =>
      [
        ["blog", "app[web.1]", "from blog.localhost"],
        ["blog@feature-x", "app[web.1]", "from feature-x--blog.localhost"],
        ["blog", "pushboat[router]", 'path="/say'],
      ].every(([environment, source, text]) =>
        heard.some((line) => line.environment === environment && line.source === source && line.text.includes(text ?? "?")),
      ),
    );
    const shown = JSON.parse((await platform.ssh("drains blog --json")).stdout);
    expect(shown).toEqual([expect.objectContaining({ url: `https://user:***@localhost:${port}/in`, lost: 0, error: null })]);
    expect((await platform.ssh(`drains:remove ${shown[0].id}`)).code).toBe(0);
    expect((await platform.ssh("drains:add blog http://localhost/")).output).toContain("[drains/url]");
    expect(JSON.parse((await platform.ssh("drains blog --json")).stdout)).toEqual([]);
  });
});
