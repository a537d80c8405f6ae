import { describe, expect, it } from "vitest";
import { GET, givenApp, givenRouter, givenServer, POST, speak } from "./rig.ts";

/** The oracle is what the app counts: a request that the router did not see as one must never reach it as one. */
async function send(text: string) {
  const seen: string[] = [];
  await using app = await givenApp((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume();
    request.on("end", () => response.end("ok"));
  });
  await using rig = await givenRouter({ limits: { lingerMs: 100, headMs: 400 } });
  rig.route([app.address]);
  const answer = await speak(rig.port, text);
  return { status: answer.slice(9, 12), seen, answers: answer.match(/^HTTP\/1\.1 \d+/gm)?.length ?? 0 };
}

const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: blog.localhost\r\n\r\n";

describe("an ambiguous request is refused with 400, and nothing behind it is read", () => {
  const cases: Record<string, string> = {
    "CL.TE": POST(`0\r\n\r\n${SMUGGLED}`, "Content-Length: 50", "Transfer-Encoding: chunked"),
    "TE.CL": POST(`2c\r\n${SMUGGLED}\r\n0\r\n\r\n`, "Transfer-Encoding: chunked", "Content-Length: 4"),
    "TE.TE with a second coding": POST(`0\r\n\r\n${SMUGGLED}`, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "TE with a space before its colon": POST(`0\r\n\r\n${SMUGGLED}`, "Transfer-Encoding : chunked"),
    "TE behind a folded line": POST(`0\r\n\r\n${SMUGGLED}`, "X: 1", " Transfer-Encoding: chunked"),
    "two lengths": POST(SMUGGLED, "Content-Length: 0", `Content-Length: ${SMUGGLED.length}`),
    "a length behind a bare CR": POST(SMUGGLED, `X: 1\rContent-Length: ${SMUGGLED.length}`),
    "a length behind a bare LF": POST(SMUGGLED, `X: 1\nContent-Length: ${SMUGGLED.length}`),
    "a head that ends in bare LFs": `POST / HTTP/1.1\nHost: blog.localhost\n\n${SMUGGLED}`,
    "a NUL in a header name": POST(SMUGGLED, `Content-Length\0: ${SMUGGLED.length}`),
    "two hosts": GET("/", "Host: other.localhost"),
    "another host in the target": `GET http://other.localhost/ HTTP/1.1\r\nHost: blog.localhost\r\n\r\n${SMUGGLED}`,
  };
  for (const [title, text] of Object.entries(cases)) {
    it(title, async () => {
      expect(await send(text)).toEqual({ status: "400", seen: [], answers: 1 });
    });
  }

  it("a broken chunk, whose request the app may have begun, never gives a second one", async () => {
    for (const body of [
      `5\nhello\r\n0\r\n\r\n${SMUGGLED}`,
      `5;\nx\r\nhello\r\n0\r\n\r\n${SMUGGLED}`,
      `-1\r\n${SMUGGLED}`,
      `0\r\nX: 1\n\r\n${SMUGGLED}`,
    ]) {
      const { status, seen } = await send(POST(body, "Transfer-Encoding: chunked"));
      expect(status).toBe("400");
      expect(seen.filter((line) => line.includes("smuggled"))).toEqual([]);
    }
  });

  it("a body of GET is a body, not a request", async () => {
    const { seen } = await send(
      `GET / HTTP/1.1\r\nHost: blog.localhost\r\nConnection: close\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    );
    expect(seen).toEqual(["GET /"]);
  });

  it("too large a head is 431, a slow one 408", async () => {
    expect((await send(GET("/", `X: ${"a".repeat(9_000)}`))).status).toBe("431");
    expect((await send(`GET / HTTP/1.1\r\n${`X: ${"a".repeat(900)}\r\n`.repeat(40)}`)).status).toBe("431");
    expect((await send("GET / HTTP/1.1\r\nHost: bl")).status).toBe("408");
  });
});

describe("an app that answers out of step", () => {
  const answering = (answer: string) => givenServer((socket) => socket.on("data", () => socket.write(answer)));

  it("gets H17 for an answer that could be read in two ways", async () => {
    for (const answer of [
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "hello\r\n\r\n",
    ]) {
      await using app = await answering(answer);
      await using rig = await givenRouter();
      rig.route([app.address]);
      expect(await speak(rig.port, GET("/", "Accept: application/json"), /"code":"\w+"/)).toMatch(/^HTTP\/1\.1 503 .*"code":"H17"/s);
    }
  });

  it("cannot put a second answer before the next client", async () => {
    const surplus = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    await using app = await answering(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood${surplus}`);
    await using rig = await givenRouter();
    rig.route([app.address]);
    const answer = await speak(rig.port, GET("/1") + GET("/2", "Connection: close"));
    expect(answer.match(/good|evil/g)).toEqual(["good", "good"]);
    expect(app.accepted()).toBe(2);
  });
});
