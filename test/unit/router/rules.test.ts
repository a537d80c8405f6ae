import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { RouteAccess, RouteTable } from "../../../core/index.ts";
import { choose } from "../../../router/choose.ts";
import { messageReader } from "../../../router/control-messages.ts";
import { destinationOf } from "../../../router/destination.ts";
import { FAILURES } from "../../../router/failure.ts";
import { hostName, isPlatformHost } from "../../../router/host.ts";
import { logLine } from "../../../router/log-line.ts";
import { failurePage } from "../../../router/page.ts";
import { requestId } from "../../../router/request-id.ts";
import { RouteBook } from "../../../router/route-book.ts";
import { parseSnapshot } from "../../../router/snapshot.ts";

describe("a host", () => {
  it("is known without its port, its last dot and its case", () => {
    expect(hostName("Blog.Example.COM.:8080")).toBe("blog.example.com");
    expect(hostName("blog.example.com")).toBe("blog.example.com");
    expect(hostName("[::1]:8080")).toBe("[::1]");
    expect(hostName("")).toBe("");
  });

  it("means the platform when it is its domain, localhost, an address, or missing", () => {
    for (const name of ["paas.example", "localhost", "127.0.0.1", "[::1]", ""]) expect(isPlatformHost(name, "paas.example")).toBe(true);
    for (const name of ["blog.paas.example", "example", "1.2.3.4.example"]) expect(isPlatformHost(name, "paas.example")).toBe(false);
  });
});

describe("a request's id", () => {
  it("is the client's when it has 20 to 200 safe characters", () => {
    expect(requestId("a".repeat(20))).toBe("a".repeat(20));
    expect(requestId("abc-DEF_123.456:789+/=")).toBe("abc-DEF_123.456:789+/=");
  });

  it("is a fresh UUID else", () => {
    for (const offered of [null, "", "a".repeat(19), "a".repeat(201), `${"a".repeat(20)} at=error`, `${"a".repeat(20)}"`]) {
      expect(requestId(offered)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    }
  });
});

describe("the log line", () => {
  const record = {
    method: "GET",
    path: "/x",
    host: "a.example.com",
    requestId: "id",
    clientAddress: "1.2.3.4",
    instance: "web.1",
    connectMs: 1.2,
    serviceMs: 17.8,
    status: 200,
    bytes: 13,
    protocol: "http",
    failure: null,
  } as const;

  it("has Heroku's shape", () => {
    expect(logLine(record)).toBe(
      'at=info method=GET path="/x" host=a.example.com request_id=id fwd="1.2.3.4" dyno=web.1 connect=1ms service=18ms status=200 bytes=13 protocol=http',
    );
  });

  it("names the code of a failure", () => {
    const line = logLine({ ...record, failure: FAILURES.noFirstByte, status: 503, instance: null, connectMs: null, serviceMs: null });
    expect(line).toMatch(/^at=error code=H12 desc="Request timeout" method=GET .* dyno= connect= service= status=503 /);
  });

  it("stays one line with the same fields whatever the path holds", () => {
    const line = logLine({ ...record, path: '/"\nat=error\r\\\u00fc\0' });
    expect(line).toContain('path="/\\"\\x0aat=error\\x0d\\\\\\xfc\\x00" host=');
    expect(logLine({ ...record, path: `/${"a".repeat(5000)}` }).length).toBeLessThan(2300);
  });
});

describe("the choice of an instance", () => {
  const candidate = (inFlight: number, quarantinedUntilMs = 0) => ({ inFlight, quarantinedUntilMs });
  const sequence =
    (...numbers: number[]) =>
    () =>
      numbers.shift() ?? 0;

  it("takes of two random ones the one with less in flight", () => {
    const [a, b, c] = [candidate(5), candidate(1), candidate(0)];
    expect(choose([a, b, c], [], 0, sequence(0, 0))).toBe(b);
    expect(choose([a, b, c], [], 0, sequence(0, 0.9))).toBe(c);
    expect(choose([a, b, c], [], 0, sequence(0.5, 0.9))).toBe(b);
  });

  it("leaves out the quarantined while there is another, and the tried ones always", () => {
    const [a, b] = [candidate(0, 100), candidate(9)];
    for (const random of [0, 0.99]) expect(choose([a, b], [], 50, () => random)).toBe(b);
    expect(choose([a, b], [b], 50, () => 0)).toBe(a);
    expect(choose([a, b], [], 150, () => 0)).toBe(a);
    expect(choose([a, b], [a, b], 50, () => 0)).toBeNull();
    expect(choose([], [], 0, () => 0)).toBeNull();
  });
});

const table = (version: number, ...targets: string[]): RouteTable =>
  parseSnapshot(
    JSON.stringify({
      version,
      routes: [
        {
          environment: "blog",
          hosts: ["blog.localhost"],
          condition: "up",
          holdMs: 0,
          targets: targets.map((address, i) => ({ instance: `web.${i + 1}`, address })),
        },
      ],
    }),
  );

describe("the route book", () => {
  it("keeps a target from one table to the next, and retires what left", () => {
    const book = new RouteBook({ idleLimit: 10, readBuffer: Buffer.alloc(0) }, { find: () => null });
    book.apply(table(1, "10.0.0.1:80", "10.0.0.2:80"));
    const [first, second] = book.find("blog.localhost")?.targets ?? [];
    book.apply(table(2, "10.0.0.1:80"));
    expect(book.find("blog.localhost")?.targets).toEqual([first]);
    expect(first?.retired).toBe(false);
    expect(second?.retired).toBe(true);
    expect(book.version).toBe(2);
  });

  it("counts what is in flight to a retired target until it has ended, then says so once", () => {
    const book = new RouteBook({ idleLimit: 10, readBuffer: Buffer.alloc(0) }, { find: () => null });
    book.apply(table(1, "10.0.0.1:80"));
    const target = book.find("blog.localhost")?.targets[0];
    target?.enter();
    target?.enter();
    book.apply(table(2, "10.0.0.2:80"));
    let drained = 0;
    book.watch(["10.0.0.1:80"], () => drained++);
    expect(book.inFlight()).toEqual({ "10.0.0.1:80": 2 });
    target?.leave();
    expect(drained).toBe(0);
    target?.leave();
    expect(drained).toBe(1);
    expect(book.inFlight()).toEqual({});
  });

  it("makes a new target of an address that changed hands", () => {
    const book = new RouteBook({ idleLimit: 10, readBuffer: Buffer.alloc(0) }, { find: () => null });
    book.apply(table(1, "10.0.0.1:80"));
    const before = book.find("blog.localhost")?.targets[0];
    const other = { ...table(2, "10.0.0.1:80").routes[0], environment: "shop", hosts: ["shop.localhost"] };
    book.apply({ version: 2, routes: [other] } as unknown as RouteTable);
    expect(book.find("shop.localhost")?.targets[0]).not.toBe(before);
    expect(book.find("blog.localhost")).toBeUndefined();
    expect(before?.retired).toBe(true);
  });
});

describe("the destination of a request", () => {
  const ask = (
    host: string,
    path: string,
    condition: string | null,
    ready = true,
    access: RouteAccess | null = null,
    authorization: string | null = null,
  ) => {
    const targets = condition === "up" ? [{}] : [];
    const route =
      condition === null
        ? undefined
        : ({
            environment: "blog",
            condition: condition === "up-empty" ? "up" : condition,
            targets,
            holdMs: 0,
            access,
            redirects: new Map(),
            noindex: false,
          } as never);
    const destination = destinationOf({ host, path, route, authorization, domain: "paas.example", protocol: "http", ready });
    return destination.kind === "fail" ? (destination.failure.code ?? destination.failure.description) : destination.kind;
  };

  it("follows the condition of the route", () => {
    const answers = {
      up: "send",
      "up-empty": "H14",
      starting: "hold",
      asleep: "hold",
      empty: "H81",
      "no-web": "H14",
      crashed: "H10",
      maintenance: "H80",
    };
    for (const [condition, answer] of Object.entries(answers)) expect(ask("blog.paas.example", "/", condition)).toBe(answer);
  });

  it("is behind the password of a protected environment, whatever its condition", () => {
    const access = { user: "blog", passwordSha256: createHash("sha256").update("s3cret:x").digest("hex") };
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const asked = (authorization: string | null, condition = "asleep") =>
      ask("blog.paas.example", "/", condition, true, access, authorization);
    for (const wrong of [
      null,
      "",
      "Basic",
      "Bearer x",
      basic("blog:"),
      basic("blog:s3cret"),
      basic("x:s3cret:x"),
      basic("blog"),
      "Basic !!!",
    ]) {
      expect(asked(wrong)).toBe("unauthorized");
      expect(asked(wrong, "up")).toBe("unauthorized");
    }
    expect(asked(basic("blog:s3cret:x"), "up")).toBe("send");
  });

  it("is git below /git/ of any host that is no app's, and never on an app's host", () => {
    for (const host of ["paas.example", "127.0.0.1", "unknown.example"]) expect(ask(host, "/git/blog.git/info/refs", null)).toBe("git");
    expect(ask("blog.paas.example", "/git/blog.git/info/refs", "up")).toBe("send");
  });

  it("is a page of the platform on its own host, and nothing on an unknown one", () => {
    expect(ask("paas.example", "/", null)).toBe("welcome");
    expect(ask("paas.example", "/x", null)).toBe("Unknown host");
    expect(ask("unknown.example", "/", null)).toBe("Unknown host");
  });

  it("is nowhere yet while there is no table, but git goes on", () => {
    expect(ask("paas.example", "/", null, false)).toBe("Router starting");
    expect(ask("paas.example", "/git/x", null, false)).toBe("git");
  });
});

describe("a failure's page", () => {
  const asker = { method: "GET", accept: "*/*", minor: 1, keepAlive: true, requestId: "the-id" } as const;
  const page = (over: object) => failurePage(FAILURES.crashed, { ...asker, ...over }).toString();

  it("is HTML for browsers and JSON for who asks for it", () => {
    expect(page({})).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n.*Content-Type: text\/html.*H10 App crashed, the-id/s);
    expect(page({ accept: "text/html,application/json" })).toContain("Content-Type: text/html");
    expect(JSON.parse(page({ accept: "application/json" }).split("\r\n\r\n")[1] ?? "")).toEqual({
      error: { code: "H10", status: 503, message: "This application has crashed.", request_id: "the-id" },
    });
  });

  it("has no body for HEAD and says when the connection closes", () => {
    expect(page({ method: "HEAD" })).toMatch(/Content-Length: [1-9]\d+\r\n.*\r\n\r\n$/s);
    expect(page({ keepAlive: false })).toContain("Connection: close\r\n");
    expect(page({})).toContain("Retry-After: 5\r\n");
  });
});

describe("the snapshot", () => {
  it("is refused with a reason when it is not a table", () => {
    for (const text of [
      "",
      "{",
      "[]",
      "null",
      '{"version":"1","routes":[]}',
      '{"version":1}',
      '{"version":1,"routes":[{"environment":"a","hosts":[]}]}',
    ]) {
      expect(() => parseSnapshot(text)).toThrow(/route snapshot/);
    }
    expect(() => table(1, "evil.example:80")).toThrow(/without an IP address/);
    expect(() => table(1, "/run/docker.sock")).toThrow(/without an IP address/);
  });
});

describe("messages between control and the router", () => {
  it("are cut at newlines, however they come, and refused without end", () => {
    const seen: unknown[] = [];
    const read = messageReader((message) => seen.push(message));
    for (const piece of ['{"a"', ':1}\n{"b":2}\n{', '"c":3}\n']) read(piece);
    expect(seen).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
    expect(() => messageReader(() => {})("x".repeat(1024 * 1024 + 1))).toThrow(/without end/);
  });
});
