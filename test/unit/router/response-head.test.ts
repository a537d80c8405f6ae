import { describe, expect, it } from "vitest";
import { answerHead } from "../../../router/http/answer-head.ts";
import { BadMessage } from "../../../router/http/bad-message.ts";
import { readResponseHead } from "../../../router/http/response-head.ts";

const read = (method: string, ...lines: string[]) => readResponseHead(`${lines.join("\r\n")}\r\n`, method);
const CLIENT = { method: "GET", minor: 1, keepAlive: true } as const;

describe("an answer's head", () => {
  it("says how its body ends", () => {
    expect(read("GET", "HTTP/1.1 200 OK", "Content-Length: 3").framing).toEqual({ kind: "length", length: 3 });
    expect(read("GET", "HTTP/1.1 200 OK", "Transfer-Encoding: chunked").framing).toEqual({ kind: "chunked" });
    expect(read("GET", "HTTP/1.1 200 OK")).toMatchObject({ framing: { kind: "until-close" }, keepAlive: false });
    expect(read("HEAD", "HTTP/1.1 200 OK", "Content-Length: 3")).toMatchObject({ framing: { kind: "none" }, keepAlive: true });
    for (const status of ["204 No Content", "304 Not Modified"])
      expect(read("GET", `HTTP/1.1 ${status}`).framing).toEqual({ kind: "none" });
  });

  it("may lack a reason, and may repeat the same length", () => {
    expect(read("GET", "HTTP/1.1 200", "Content-Length: 3", "Content-Length: 3")).toMatchObject({ status: 200, reason: "" });
  });

  const refused: Record<string, string[]> = {
    "two lengths that differ": ["HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 4"],
    "a length and a transfer coding": ["HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked"],
    "an unknown transfer coding": ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"],
    "another protocol": ["SSH-2.0-OpenSSH_9.2"],
    "a status of two digits": ["HTTP/1.1 20 OK"],
    "a bare LF": ["HTTP/1.1 200 OK", "X-A: 1\nSet-Cookie: x=y"],
  };
  for (const [title, lines] of Object.entries(refused)) {
    it(`is refused for ${title}`, () => expect(() => read("GET", ...lines)).toThrow(BadMessage));
  }

  it("goes to the client without what concerned the instance's connection alone", () => {
    const head = read(
      "GET",
      "HTTP/1.1 200 OK",
      "Connection: keep-alive, X-Hop",
      "Keep-Alive: timeout=5",
      "X-Hop: 1",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Content-Length: 3",
    );
    expect(answerHead(head, CLIENT)).toBe("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\n");
  });

  it("tells the client how this connection goes on", () => {
    const head = read("GET", "HTTP/1.1 200 OK", "Content-Length: 0");
    expect(answerHead(head, { ...CLIENT, keepAlive: false })).toContain("Connection: close\r\n");
    expect(answerHead(head, { ...CLIENT, minor: 0 })).toContain("Connection: keep-alive\r\n");
  });

  it("keeps the length that a GET would have had in the answer to HEAD, and gives 204 none", () => {
    expect(answerHead(read("HEAD", "HTTP/1.1 200 OK", "Content-Length: 3"), { ...CLIENT, method: "HEAD" })).toContain(
      "Content-Length: 3\r\n",
    );
    expect(answerHead(read("GET", "HTTP/1.1 204 No Content", "Content-Length: 0"), CLIENT)).not.toContain("Content-Length");
  });
});
