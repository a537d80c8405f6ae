import { describe, expect, it } from "vitest";
import { BadMessage } from "../../../router/http/bad-message.ts";
import { sameFraming, withFraming, withoutFraming } from "../../../router/http/body.ts";
import type { Framing } from "../../../router/http/framing.ts";

type Make = (framing: Framing) => ReturnType<typeof sameFraming>;

/** Feeds the text in pieces of one size; answers what goes on, what is behind the end, and the payload's length. */
function pass(make: Make, framing: Framing, text: string, pieceSize: number) {
  const body = make(framing);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  let rest = "";
  for (let at = 0; at < bytes.length; at += pieceSize) {
    if (body.done) {
      rest += bytes.subarray(at).toString();
      break;
    }
    const scanned = body.scan(bytes.subarray(at, at + pieceSize));
    if (scanned.out !== null) out.push(scanned.out);
    if (scanned.rest !== null) rest += scanned.rest.toString();
  }
  return { out: Buffer.concat(out).toString(), rest, done: body.done, bytes: body.bytes };
}

const CHUNKED: Framing = { kind: "chunked" };
const PIECES = [1, 2, 3, 7, 1000];

describe("a body of a known length", () => {
  it("ends after as many bytes, however they come", () => {
    for (const size of PIECES) {
      expect(pass(sameFraming, { kind: "length", length: 5 }, "hello", size)).toEqual({ out: "hello", rest: "", done: true, bytes: 5 });
    }
    expect(pass(sameFraming, { kind: "length", length: 5 }, "helloGET /", 100)).toEqual({
      out: "hello",
      rest: "GET /",
      done: true,
      bytes: 5,
    });
  });
});

describe("a chunked body", () => {
  it("goes on as it came", () => {
    for (const size of PIECES) {
      const text = "5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n";
      expect(pass(sameFraming, CHUNKED, text, size)).toEqual({ out: text, rest: "", done: true, bytes: 15 });
    }
  });

  it("loses its extensions and trailers on the way", () => {
    for (const size of PIECES) {
      const text = "5;a=b;c\r\nhello\r\n0;x\r\nX-Trailer: 1\r\nContent-Length: 7\r\n\r\n";
      expect(pass(sameFraming, CHUNKED, text, size)).toEqual({ out: "5\r\nhello\r\n0\r\n\r\n", rest: "", done: true, bytes: 5 });
    }
  });

  it("keeps the trailers of an answer for who wants them, but those that frame, route or authenticate", () => {
    const text = "5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\nX-Sum: 2\r\nSet-Cookie: a=b\r\n\r\n";
    for (const size of PIECES) {
      const kept = pass((framing) => withFraming(framing, true), CHUNKED, text, size);
      expect(kept).toEqual({ out: "5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n", rest: "", done: true, bytes: 5 });
      const none = pass((framing) => withFraming(framing, true), CHUNKED, "5\r\nhello\r\n0\r\nHost: x\r\n\r\nrest", size);
      expect(none).toMatchObject({ out: "5\r\nhello\r\n0\r\n\r\n", done: true });
    }
    const body = withoutFraming(CHUNKED, true);
    expect(body.scan(Buffer.from(text)).out?.toString()).toBe("hello");
    expect(body.trailers).toMatchObject({ keys: ["x-sum", "x-sum"], values: ["1", "2"] });
    expect(() => withFraming(CHUNKED, true).scan(Buffer.from("0\r\nno colon\r\n\r\n"))).toThrow("without a colon");
    expect(() => withFraming(CHUNKED, true).scan(Buffer.from("0\r\nA: 1\r\n folded\r\n\r\n"))).toThrow(BadMessage);
  });

  it("leaves what follows it for the next request", () => {
    const { rest } = pass(sameFraming, CHUNKED, "0\r\n\r\nGET / HTTP/1.1\r\n", 1000);
    expect(rest).toBe("GET / HTTP/1.1\r\n");
  });

  it("becomes payload alone for an HTTP/1.0 client", () => {
    for (const size of PIECES)
      expect(pass(withoutFraming, CHUNKED, "5;e\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n", size)).toMatchObject({
        out: "hello!",
        done: true,
      });
  });

  const broken: Record<string, string> = {
    "a size that is no number": "x\r\n",
    "no size": "\r\n",
    "a signed size": "+5\r\nhello\r\n",
    "a size with 0x": "0x5\r\nhello\r\n",
    "a space in the size": "5 \r\nhello\r\n",
    "a size of 13 digits": "0000000000005\r\nhello\r\n",
    "a bare LF after the size": "5\nhello\r\n",
    "a bare LF in an extension": "5;\nhello\r\n",
    "a bare CR in an extension": "5;\rx\r\nhello\r\n",
    "more data than its size": "5\r\nhello!\r\n",
    "a bare LF after the data": "5\r\nhello\n0\r\n\r\n",
    "a bare LF in a trailer": "0\r\nX: 1\n\r\n",
    "20 kB of extension": `5;${"x".repeat(20_000)}\r\nhello\r\n`,
  };
  for (const [title, text] of Object.entries(broken)) {
    it(`is refused for ${title}`, () => {
      for (const size of [1, 1000]) expect(() => pass(sameFraming, CHUNKED, text, size)).toThrow(BadMessage);
    });
  }
});

describe("a body that ends with its connection", () => {
  it("gets chunks for an HTTP/1.1 client, with an end that only a clean close brings", () => {
    const body = withFraming({ kind: "until-close" });
    expect(body.scan(Buffer.from("hello")).out?.toString()).toBe("5\r\nhello\r\n");
    expect(body.done).toBe(false);
    expect(body.end()?.toString()).toBe("0\r\n\r\n");
    expect(body.done).toBe(true);
  });

  it("of another kind is cut short when the connection ends early", () => {
    expect(withFraming({ kind: "length", length: 5 }).end()).toBeNull();
    expect(withFraming(CHUNKED).end()).toBeNull();
  });
});
