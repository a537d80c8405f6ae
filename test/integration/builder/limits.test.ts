/** Build steps in the engine's own sandbox: what it allows, and what it does to a step that wants more. */
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../../core/index.ts";
import { createEngine, createSandbox } from "../../../runtime/engine/index.ts";
import { eventually } from "../../support/eventually.ts";
import { givenWorkshop, type Workshop, withMounted } from "./support/given.ts";

const MB = 1024 * 1024;

let directory: string;
let engine: ReturnType<typeof createEngine>;
const workshops: Workshop[] = [];

beforeAll(async () => {
  directory = mkdtempSync("/var/tmp/pushboat-limits-");
  engine = createEngine({ settings: parseSettings({ PUSHBOAT_DATA: directory }), log: { warn: () => {} } });
  await engine.prepare();
});

afterAll(async () => {
  for (const workshop of workshops) workshop.remove();
  await engine.teardown();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

function given(build: string, limits: { memoryBytes?: number; timeoutMs?: number } = {}): Workshop {
  const step = { memoryBytes: 512 * MB, pids: 256, retryDelaysMs: [], timeoutMs: 60_000, ...limits };
  const workshop = givenWorkshop({ sandbox: createSandbox({ engine }), limits: { step } });
  workshops.push(workshop);
  workshop.repository.write({ "package.json": JSON.stringify({ scripts: { start: "node .", build } }), "server.js": "" });
  workshop.repository.commit();
  return workshop;
}

describe("a build step in the engine's sandbox", () => {
  it("owns what it writes inside, and is user 1000 there", async () => {
    const { image } = await given("id -u > who && mkdir out && touch out/made").build();
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "app/who"), "utf8")).toBe("1000\n");
      expect(statSync(join(root, "app/out/made")).uid).toBe(1000);
    });
  });

  it("that wants more memory than a build may have is stopped, and the message says so", async () => {
    const hungry = "node -e 'const all = []; for (;;) all.push(Buffer.alloc(16 << 20, 1))'";
    await expect(given(hungry, { memoryBytes: 160 * MB }).build()).rejects.toMatchObject({
      code: "build/out-of-memory",
      message: "npm run build used more than the 160 MB a build may have, and was stopped",
    });
  });

  it("that never ends is stopped after its time, and the message says so", async () => {
    await expect(given("sleep 600", { timeoutMs: 3000 }).build()).rejects.toMatchObject({ code: "build/timed-out" });
  });

  it("cannot reach what listens on the host", async () => {
    const server = createServer((_, answer) => answer.end("the host")).listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const addresses = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address?.family === "IPv4")
      .map((address) => address?.address);
    try {
      const tries = addresses.map((address) => `curl -s -m 2 http://${address}:${port}/ >> reached || true`);
      const { image } = await given([...tries, "touch reached"].join("; ")).build();
      expect(addresses.length).toBeGreaterThan(1);
      await withMounted(image.layers, (root) => expect(readFileSync(join(root, "app/reached"), "utf8")).toBe(""));
    } finally {
      server.close();
    }
  });

  it("that ignores every signal ends with the push that is cancelled, and leaves nothing", async () => {
    const cancel = new AbortController();
    const workshop = given(`trap '' TERM INT HUP; echo it runs; while :; do sleep ${MARK}; done`);
    const building = workshop.build({
      signal: cancel.signal,
      onEvent: (event) => {
        if (event.kind === "output" && event.text === "it runs") cancel.abort(new Error("cancelled by the test"));
      },
    });
    await expect(building).rejects.toThrow("cancelled by the test");
    await expectNothingOf(workshop);
  });

  it("that leaves a process behind is done when its command is, and so is the process", async () => {
    const workshop = given(`(trap '' TERM INT HUP; sleep ${MARK}) & echo done > result`);
    const { image } = await workshop.build();
    await withMounted(image.layers, (root) => expect(readFileSync(join(root, "app/result"), "utf8")).toBe("done\n"));
    await expectNothingOf(workshop);
  });
});

/** Seconds that no other process of the machine sleeps. */
const MARK = 900_000_000 + process.pid;

async function expectNothingOf({ directory: workshop }: Workshop): Promise<void> {
  expect(readdirSync(join(workshop, "data/builds"))).toEqual([]);
  await eventually("no process of the step is left", async () => sleepers().length === 0);
}

function sleepers(): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(String(MARK));
    } catch {
      return false; // It ended meanwhile.
    }
  });
}
