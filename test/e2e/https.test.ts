import { once } from "node:events";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate, makeAuthority } from "../../control/tls/local-authority.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

let platform: Platform;

beforeAll(async () => {
  platform = await givenPlatform({ settings: { PUSHBOAT_TLS: "internal" } });
});

afterAll(async () => {
  await platform?.stop();
});

/** One request over TLS, the chain and the name checked as a browser would. */
async function getOverTls(host: string, path: string, authority: string): Promise<string> {
  const socket = connect({ port: platform.ports.https, host: "127.0.0.1", servername: host, ca: authority });
  await once(socket, "secureConnect");
  socket.end(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

describe("HTTPS", () => {
  it("is there for an app from its first push on with --tls internal, and takes a certificate of one's own at once", async () => {
    const app = await platform.givenApp(tinyApp("over tls"), { app: "blog" });
    const push = await app.push("main");
    expect(push.code, push.output).toBe(0);
    const authority = (await platform.ssh("certs:authority")).stdout;
    expect(await getOverTls("blog.localhost", "/", authority)).toMatch(/^HTTP\/1\.1 200 [\s\S]*over tls/);
    expect(
      JSON.parse((await getOverTls("blog.localhost", "/headers", authority)).split("\r\n\r\n")[1]?.match(/\{.*\}/)?.[0] ?? ""),
    ).toMatchObject({
      "x-forwarded-proto": "https",
      "x-forwarded-port": String(platform.ports.https),
    });

    const company = makeAuthority("a company", Date.now());
    const own = issueCertificate(company, "blog.localhost", Date.now());
    const added = await platform.ssh("certs:add blog --json", { stdin: own.certificate + own.key });
    expect(added.code, added.output).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({ id: 1, names: "blog.localhost", issuer: "a company" });
    expect(await getOverTls("blog.localhost", "/", company.certificate)).toContain("over tls");
    await expect(getOverTls("blog.localhost", "/", authority)).rejects.toThrow();

    expect((await platform.ssh("apps:set blog force-https on")).code).toBe(0);
    const plain = await platform.http("blog.localhost", "/a");
    expect([plain.status, plain.headers["location"]]).toEqual([301, `https://blog.localhost:${platform.ports.https}/a`]);
    expect((await platform.ssh("certs:remove blog 1")).code).toBe(0);
    expect(await getOverTls("blog.localhost", "/", authority)).toContain("over tls");
  });

  it("lets requests wait under maintenance:on --hold, and answers them when it is over", async () => {
    expect((await platform.ssh("apps:set blog force-https off")).code).toBe(0);
    expect((await platform.ssh("maintenance:on blog --hold")).code).toBe(0);
    let answered = false;
    const waiting = platform.http("blog.localhost").then((answer) => {
      answered = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(answered).toBe(false);
    expect((await platform.ssh("maintenance:off blog")).code).toBe(0);
    expect(await waiting).toMatchObject({ status: 200, body: "over tls\n" });
  });
});
