import { describe, expect, it } from "vitest";
import { BadMessage } from "../../../router/http/bad-message.ts";
import { readRequestHead } from "../../../router/http/request-head.ts";

const read = (...lines: string[]) => readRequestHead(`${lines.join("\r\n")}\r\n`);
const GET = "GET / HTTP/1.1";
const HOST = "Host: a.example";

describe("a request head is read", () => {
  it("with its host, its target and no body", () => {
    const head = read("GET /x?y=1 HTTP/1.1", "Host: A.example:8080", "Accept: text/html");
    expect(head).toMatchObject({
      method: "GET",
      target: "/x?y=1",
      minor: 1,
      host: "A.example:8080",
      framing: { kind: "none" },
      keepAlive: true,
      accept: "text/html",
    });
  });

  it("with the framing of its body", () => {
    expect(read("POST / HTTP/1.1", HOST, "Content-Length: 12").framing).toEqual({ kind: "length", length: 12 });
    expect(read("POST / HTTP/1.1", HOST, "Transfer-Encoding: Chunked").framing).toEqual({ kind: "chunked" });
  });

  it("and says whether the connection goes on", () => {
    expect(read(GET, HOST, "Connection: keep-alive, Close").keepAlive).toBe(false);
    expect(read("GET / HTTP/1.0", HOST).keepAlive).toBe(false);
    expect(read("GET / HTTP/1.0", HOST, "Connection: keep-alive").keepAlive).toBe(true);
    expect(read("GET / HTTP/1.0").host).toBe("");
  });

  it("as an upgrade only for a WebSocket handshake", () => {
    expect(read(GET, HOST, "Connection: Upgrade", "Upgrade: WebSocket").upgrade).toBe(true);
    expect(read(GET, HOST, "Connection: Upgrade", "Upgrade: h2c").upgrade).toBe(false);
    expect(read(GET, HOST, "Upgrade: websocket").upgrade).toBe(false);
    expect(read("GET / HTTP/1.0", HOST, "Connection: Upgrade", "Upgrade: websocket").upgrade).toBe(false);
  });

  it("in absolute form when it names the same host", () => {
    expect(read("GET http://a.example/x?y HTTP/1.1", HOST).target).toBe("/x?y");
    expect(read("GET http://A.EXAMPLE HTTP/1.1", HOST).target).toBe("/");
    expect(read("GET http://a.example?y HTTP/1.1", HOST).target).toBe("/?y");
    expect(read("OPTIONS * HTTP/1.1", HOST).target).toBe("*");
  });

  it("with bytes above ASCII in the path as they came", () => {
    expect(read("GET /\u00fc HTTP/1.1", HOST).target).toBe("/\u00fc");
  });
});

describe("a request head is refused", () => {
  const cases: Record<string, string[]> = {
    "with both a length and a transfer coding": ["POST / HTTP/1.1", HOST, "Content-Length: 1", "Transfer-Encoding: chunked"],
    "with two lengths, even the same": ["POST / HTTP/1.1", HOST, "Content-Length: 1", "Content-Length: 1"],
    "with a list of lengths": ["POST / HTTP/1.1", HOST, "Content-Length: 1, 1"],
    "with a signed length": ["POST / HTTP/1.1", HOST, "Content-Length: +1"],
    "with a hexadecimal length": ["POST / HTTP/1.1", HOST, "Content-Length: 0x1"],
    "with an empty length": ["POST / HTTP/1.1", HOST, "Content-Length:"],
    "with a length beyond integers": ["POST / HTTP/1.1", HOST, "Content-Length: 99999999999999999999"],
    "with two transfer codings": ["POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "with a list of transfer codings": ["POST / HTTP/1.1", HOST, "Transfer-Encoding: gzip, chunked"],
    "with an obscured transfer coding": ["POST / HTTP/1.1", HOST, "Transfer-Encoding: xchunked"],
    "with a quoted transfer coding": ["POST / HTTP/1.1", HOST, 'Transfer-Encoding: "chunked"'],
    "with a vertical tab in a transfer coding": ["POST / HTTP/1.1", HOST, "Transfer-Encoding: \x0bchunked"],
    "with a transfer coding in HTTP/1.0": ["POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked"],
    "with a space before the colon": ["POST / HTTP/1.1", HOST, "Content-Length : 1"],
    "with a folded line": [GET, HOST, "X-A: 1", " folded"],
    "with a header name of forbidden characters": [GET, HOST, "X(A): 1"],
    "with an empty header name": [GET, HOST, ": 1"],
    "with a line without a colon": [GET, HOST, "nonsense"],
    "with a bare LF in a value": [GET, HOST, "X-A: 1\nX-B: 2"],
    "with a bare CR in a value": [GET, HOST, "X-A: 1\rX-B: 2"],
    "with NUL in a value": [GET, HOST, "X-A: 1\0"],
    "without Host": [GET],
    "with an empty Host": [GET, "Host:"],
    "with two Hosts": [GET, HOST, "Host: b.example"],
    "with a path in Host": [GET, "Host: a.example/x"],
    "with a user in Host": [GET, "Host: me@a.example"],
    "with a comma in Host": [GET, "Host: a.example,b.example"],
    "with another host in the target": ["GET http://b.example/ HTTP/1.1", HOST],
    "with a user in the target": ["GET http://a.example@b.example/ HTTP/1.1", HOST],
    "for CONNECT": ["CONNECT a.example:80 HTTP/1.1", HOST],
    "with * for GET": ["GET * HTTP/1.1", HOST],
    "without a path": ["GET x HTTP/1.1", HOST],
    "with a space in the target": ["GET /a b HTTP/1.1", HOST],
    "with two spaces": ["GET  / HTTP/1.1", HOST],
    "with a tab for a space": ["GET\t/ HTTP/1.1", HOST],
    "without a version": ["GET /", HOST],
    "with HTTP/2.0": ["GET / HTTP/2.0", HOST],
    "with http/1.1 in lower case": ["GET / http/1.1", HOST],
    "with HTTP/1.10": ["GET / HTTP/1.10", HOST],
    "with a method of 33 characters": [`${"G".repeat(33)} / HTTP/1.1`, HOST],
    "with a body in an upgrade": [GET, HOST, "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 5"],
    "with an unknown expectation": [GET, HOST, "Expect: magic"],
    "with a line over 8 KB": [GET, HOST, `X-A: ${"a".repeat(8192)}`],
    "with a target over 8 KB": [`GET /${"a".repeat(8192)} HTTP/1.1`, HOST],
    "with 201 header lines": [GET, HOST, ...Array.from({ length: 200 }, (_, i) => `X-${i}: 1`)],
  };
  for (const [title, lines] of Object.entries(cases)) {
    it(title, () => expect(() => read(...lines)).toThrow(BadMessage));
  }
});
