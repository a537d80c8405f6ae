import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BLOG, type GivenRuntime, givenRuntime, NEVER, recorded, SERVER } from "./given.ts";

let given: GivenRuntime;
beforeAll(async () => {
  given = await givenRuntime();
});
afterEach(async () => {
  given.runtime.forget(BLOG);
  await given.runtime.stop(given.runtime.instances());
});
afterAll(async () => {
  await given?.end();
});

const directory = (): string => join(given.settings.dataDirectory, "logs", "blog");
const usedBytes = (): number =>
  readdirSync(directory()).reduce((sum, name) => sum + (statSync(join(directory(), name), { throwIfNoEntry: false })?.size ?? 0), 0);

/** Milliseconds that a timer of this process came late at worst. */
function watchDelay(): () => number {
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    worst = Math.max(worst, now - last - 10);
    last = now;
  }, 10);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

describe("logs of real containers", () => {
  test("100,000 numbered lines are followed over rotations, each once and in order", async () => {
    const pad = "x".repeat(200);
    const command = `exec perl -e '$| = 0; for my $i (1..100000) { print "$i ${pad}\\n"; select(undef, undef, undef, 0.02) if $i % 1000 == 0 } close STDOUT; sleep 100'`;
    const stop = new AbortController();
    const found: number[] = [];
    const following = (async () => {
      const lines = given.runtime.logs({ environment: BLOG, lines: 0, process: "worker", follow: true, signal: stop.signal });
      for await (const line of lines) {
        if (!line.source.startsWith("app")) continue;
        found.push(Number.parseInt(line.text, 10));
        if (found.length === 100_000) return;
      }
    })();
    await given.runtime.converge(given.workload({ worker: { command } }), recorded());
    await following;
    expect(found).toEqual(Array.from({ length: 100_000 }, (_, at) => at + 1));
    expect(readdirSync(directory()).filter((name) => /\.log\.\d+$/.test(name)).length).toBeGreaterThan(0);
  });

  test("An app that writes as fast as it can neither fills the disk nor slows control, and its last lines are found at once", async () => {
    const command = `exec perl -e 'my $x = ("y" x 119 . "\\n") x 1000; while (1) { syswrite STDOUT, $x }'`;
    const quiet = watchDelay();
    await sleep(300);
    quiet();
    const worstDelayMs = watchDelay();
    await given.runtime.converge(given.workload({ worker: { command } }), recorded());
    const sizes: number[] = [];
    const queries: number[] = [];
    for (let second = 0; second < 8; second += 1) {
      await sleep(1_000);
      sizes.push(usedBytes());
      const startedMs = performance.now();
      const lines: string[] = [];
      for await (const line of given.runtime.logs({ environment: BLOG, lines: 100, process: "worker", follow: false, signal: NEVER }))
        lines.push(line.text);
      queries.push(performance.now() - startedMs);
      expect(lines).toHaveLength(100);
    }
    const written = Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${workerPid()}/io`, "latin1"))?.[1]);
    console.log(
      `log flood: ${Math.round(written / 8e6)} MB/s written, at most ${Math.round(Math.max(...sizes) / 1e6)} MB on disk, query ${Math.round(Math.max(...queries))} ms, delay ${Math.round(worstDelayMs())} ms`,
    );
    expect(Math.max(...sizes)).toBeLessThan(140 * 1024 * 1024);
    expect(Math.max(...queries)).toBeLessThan(500);
  });

  test("Memory and processor time are read without a poll for each instance", async () => {
    const workload = given.workload({ web: { command: SERVER, quantity: 5 } });
    await given.runtime.converge(workload, recorded());
    given.runtime.keep(workload);
    expect(given.runtime.instances().every((one) => one.memoryBytes > 100_000)).toBe(true);
    const before = process.cpuUsage();
    await sleep(2_000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 2_000_000).toBeLessThan(0.05);
  });
});

/** The app itself: init's child. */
function workerPid(): number {
  const pid = given.runtime.instances()[0]?.pid ?? 0;
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ")[0]);
}
