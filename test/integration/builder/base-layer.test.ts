/** The base image with the real mmdebstrap and the host's own mirror. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, it } from "vitest";
import { createBuilder } from "../../../builder/index.ts";
import { type DeployEvent, parseSettings } from "../../../core/index.ts";
import { createPlainSandbox } from "./support/plain-sandbox.ts";

const directory = mkdtempSync(join(tmpdir(), "pushboat-base-"));
const cache = join(directory, "cache");

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the base image", () => {
  it("is made once by two platforms that start at the same time, with progress, and found by a third at once", async () => {
    const events: DeployEvent[][] = [[], [], []];
    await Promise.all([0, 1].map((index) => platform(index).prepare((event) => events[index]?.push(event))));
    const made = events.flat().filter((event) => event.kind === "layer");
    expect(made).toMatchObject([{ title: "base (Debian 13)", reused: false, reason: "first use on this machine" }]);
    expect(events.flat().filter((event) => event.kind === "detail" && /\(\d+ s\)$/.test(event.text)).length).toBeGreaterThan(3);
    await platform(2).prepare((event) => events[2]?.push(event));
    expect(events[2]).toEqual([]);
  }, 300_000);

  it("has the app user, certificates and tools; no devices, lists or caches", () => {
    const [name = ""] = readdirSync(join(cache, "layers")).filter((entry) => entry.startsWith("base-") && !entry.endsWith(".json"));
    const root = join(cache, "layers", name);
    expect(readFileSync(join(root, "etc/os-release"), "utf8")).toContain("VERSION_CODENAME=trixie");
    expect(readFileSync(join(root, "etc/passwd"), "utf8")).toContain("app:x:1000:1000::/app:");
    expect([statSync(join(root, "app")).uid, statSync(root).mode & 0o777]).toEqual([1000, 0o755]);
    for (const path of ["etc/ssl/certs/ca-certificates.crt", "usr/bin/curl", "usr/bin/openssl", "usr/bin/ps", "usr/share/zoneinfo/UTC"])
      expect(statSync(join(root, path)).size).toBeGreaterThan(0);
    for (const path of ["dev", "run", "tmp", "var/log"]) expect([path, readdirSync(join(root, path))]).toEqual([path, []]);
    const cached = readdirSync(join(root, "var/cache"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(cached.map(({ name }) => name).filter((file) => file !== "lock")).toEqual([]);
    expect(readdirSync(join(root, "var/lib/apt/lists"), { recursive: true }).toSorted()).toEqual(["lock", "partial"]);
    expect(readdirSync(join(cache, "builds"))).toEqual([]);
  });
});

function platform(index: number) {
  const settings = parseSettings({ PUSHBOAT_DATA: join(directory, `data${index}`), PUSHBOAT_CACHE: cache });
  return createBuilder({ settings, sandbox: createPlainSandbox(), gitUser: { uid: 0, gid: 0 }, log: pino({ level: "silent" }) });
}
