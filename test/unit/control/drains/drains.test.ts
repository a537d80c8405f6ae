import { describe, expect, it } from "vitest";
import { DrainBuffer, type DrainLine, MAX_BYTES, MAX_LINES } from "../../../../control/drains/drain-buffer.ts";
import { hidden, parseDrainUrl } from "../../../../control/drains/drain-url.ts";
import { syslogFrame } from "../../../../control/drains/syslog-frame.ts";
import { type EnvironmentName, PushboatError } from "../../../../core/index.ts";

const line = (text: string, over: Partial<DrainLine> = {}): DrainLine => ({
  time: "2026-08-01T10:00:00.123456+00:00",
  source: "app[web.1]",
  environment: "blog@x" as EnvironmentName,
  text,
  ...over,
});

describe("a line in syslog over TLS", () => {
  it("is RFC 5424's message with its length in bytes before it", () => {
    expect(syslogFrame(line("hello wörld"), "paas.example")).toBe(
      "83 <14>1 2026-08-01T10:00:00.123456+00:00 paas.example blog@x web.1 app - hello wörld",
    );
    expect(syslogFrame(line("", { source: "pushboat[router]" }), "paas.example")).toBe(
      "77 <14>1 2026-08-01T10:00:00.123456+00:00 paas.example blog@x router pushboat - ",
    );
  });
});

describe("the address of a drain", () => {
  it("is syslog over TLS or HTTPS, and shown without what is secret in it", () => {
    expect(parseDrainUrl("syslog+tls://logs.example.com")).toMatchObject({ kind: "syslog", host: "logs.example.com", port: 6514 });
    expect(parseDrainUrl("syslog+tls://[::1]:443")).toMatchObject({ kind: "syslog", host: "::1", port: 443 });
    expect(parseDrainUrl("https://a:b@logs.example.com:8443/in?key=1")).toMatchObject({ kind: "https", port: 8443 });
    expect(hidden("https://a:b@logs.example.com/in?key=1&x=2")).toBe("https://a:***@logs.example.com/in?key=***&x=***");
  });

  it("is refused where it is anything else, and its password is not repeated", () => {
    for (const text of ["http://logs.example.com", "syslog://a:1", "syslog+tls://a:1/path", "syslog+tls://a:99999", "https://", "nothing"])
      expect(() => parseDrainUrl(text), text).toThrow(PushboatError);
    expect(() => parseDrainUrl("http://a:secret@b/")).toThrow(/a:\*\*\*@b/);
  });
});

describe("lines that wait for a drain", () => {
  it("are no more than so many; the oldest go and are counted", () => {
    const buffer = new DrainBuffer();
    for (let count = 0; count < MAX_LINES + 5; count += 1) buffer.add(line(`${count}`));
    const lost = buffer.takeLost();
    expect(lost).toBeGreaterThan(0);
    expect(buffer.size + lost).toBe(MAX_LINES + 5);
    expect(buffer.first(1, MAX_BYTES)[0]?.text).toBe(`${lost}`);
    expect(buffer.takeLost()).toBe(0);
  });

  it("are no more than so many bytes", () => {
    const buffer = new DrainBuffer();
    const text = "x".repeat(10_000);
    for (let count = 0; count < 2_000; count += 1) buffer.add(line(text));
    expect(buffer.size).toBeLessThanOrEqual(MAX_BYTES / 10_000);
    expect(buffer.size + buffer.takeLost()).toBe(2_000);
  });

  it("go out in batches, and what arrived though it was dropped meanwhile is not lost", () => {
    const buffer = new DrainBuffer();
    for (let count = 0; count < MAX_LINES; count += 1) buffer.add(line(`${count}`));
    const batch = buffer.first(500, MAX_BYTES);
    expect([batch.length, buffer.first(500, 1_000).length]).toEqual([500, 9]);
    buffer.add(line("one more"));
    buffer.remove(batch);
    expect([buffer.size, buffer.takeLost()]).toEqual([MAX_LINES + 1 - 1_000, 500]);
  });
});
