import { describe, expect, it } from "vitest";
import { forwardedHead } from "../../../router/http/forwarded-head.ts";
import { readRequestHead } from "../../../router/http/request-head.ts";

const FACTS = {
  clientAddress: "203.0.113.9",
  requestId: "id-id-id-id-id-id-id-id",
  startMs: 1_700_000_000_000,
  protocol: "http",
  port: 8080,
  hidesAuthorization: false,
} as const;
const forward = (...lines: string[]) => forwardedHead(readRequestHead(`${lines.join("\r\n")}\r\n`), FACTS).split("\r\n");

describe("the head for the instance", () => {
  it("keeps the host, the order and the repeated fields, and adds what the edge knows", () => {
    expect(forward("GET /x HTTP/1.1", "Accept: a", "Host: a.example:8080", "Cookie: 1", "Accept: b")).toEqual([
      "GET /x HTTP/1.1",
      "Host: a.example:8080",
      "Accept: a",
      "Cookie: 1",
      "Accept: b",
      "X-Request-Id: id-id-id-id-id-id-id-id",
      "X-Forwarded-For: 203.0.113.9",
      "X-Forwarded-Proto: http",
      "X-Forwarded-Port: 8080",
      "X-Forwarded-Host: a.example:8080",
      "X-Request-Start: 1700000000000",
      "Via: 1.1 pushboat",
      "",
      "",
    ]);
  });

  it("lets no client claim who it is", () => {
    const claims = [
      "X-Forwarded-For: 1.2.3.4",
      "X-Forwarded-Anything: 1",
      "Forwarded: for=1.2.3.4",
      "X-Real-IP: 1.2.3.4",
      "X_Forwarded_For: 1.2.3.4",
      "X_FORWARDED-Proto: https",
      "Proxy: http://evil",
    ];
    const head = forward("GET / HTTP/1.1", "Host: a", ...claims).join("\n");
    expect(head).not.toMatch(/1\.2\.3\.4|Anything|https|evil/);
  });

  it("drops what concerned the client's connection alone, and what Connection names", () => {
    const hops = [
      "Connection: keep-alive, X-Hop",
      "X-Hop: 1",
      "Keep-Alive: 5",
      "TE: trailers",
      "Trailer: X",
      "Upgrade: h2c",
      "Proxy-Authorization: x",
      "Content_Length: 5",
    ];
    expect(forward("GET / HTTP/1.1", "Host: a", ...hops.filter((line) => !line.startsWith("TE")))).toHaveLength(11);
  });

  it("asks for trailers where the client takes them", () => {
    const asked = (...lines: string[]) => forward("GET / HTTP/1.1", "Host: a", ...lines).filter((line) => /^(TE|Connection)\b/.test(line));
    expect(asked("TE: gzip;q=0.5, Trailers", "Connection: TE")).toEqual(["TE: trailers", "Connection: TE"]);
    expect(asked("TE: gzip")).toEqual([]);
  });

  it("cannot be made to lose our fields by Connection", () => {
    const head = forward("GET / HTTP/1.1", "Host: a", "Connection: X-Forwarded-For, Host").join("\n");
    expect(head).toContain("Host: a\n");
    expect(head).toContain("X-Forwarded-For: 203.0.113.9");
  });

  it("frames the body once, and in our words", () => {
    const framings = (...lines: string[]) =>
      forward("POST / HTTP/1.1", "Host: a", ...lines).filter((line) => /^(content-length|transfer-encoding)/i.test(line));
    expect(framings("content-length: 007")).toEqual(["Content-Length: 7"]);
    expect(framings("transfer-encoding: CHUNKED")).toEqual(["Transfer-Encoding: chunked"]);
    expect(framings()).toEqual([]);
  });

  it("passes on the expectation of 100-continue", () => {
    expect(forward("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 1")).toContain("Expect: 100-continue");
    expect(forward("POST / HTTP/1.0", "Host: a", "Expect: 100-continue", "Content-Length: 1")).not.toContain("Expect: 100-continue");
  });

  it("does not tell the app a password that was for the router", () => {
    const request = readRequestHead("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic x\r\n");
    expect(forwardedHead(request, FACTS)).toContain("Authorization: Basic x");
    expect(forwardedHead(request, { ...FACTS, hidesAuthorization: true })).not.toContain("Authorization");
  });
});
