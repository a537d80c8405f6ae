import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Instance, Workload } from "../../../core/index.ts";
import { BLOG, type GivenRuntime, givenRuntime, logOf, recorded, SERVER, server } from "./given.ts";

let given: GivenRuntime;
beforeAll(async () => {
  given = await givenRuntime();
});
afterEach(async () => {
  given.runtime.forget(BLOG);
  await given.runtime.stop(given.runtime.instances());
  expect(given.complaints).toEqual([]);
});
afterAll(async () => {
  await given?.end();
});

async function givenKept(workload: Workload): Promise<readonly Instance[]> {
  const { healthy } = await given.runtime.converge(workload, recorded());
  given.runtime.keep(workload);
  return healthy;
}

async function until(what: string, seen: () => boolean, withinMs = 5_000): Promise<number> {
  const startedMs = performance.now();
  while (!seen()) {
    if (performance.now() - startedMs > withinMs)
      throw new Error(`${what} did not come within ${withinMs} ms: ${JSON.stringify(given.runtime.instances())}`);
    await sleep(2);
  }
  return performance.now() - startedMs;
}

const only = (): Instance => {
  const [instance, ...others] = given.runtime.instances();
  if (instance === undefined || others.length > 0) throw new Error(`not one instance: ${JSON.stringify(given.runtime.instances())}`);
  return instance;
};

const identity = ({ pid }: Instance): string => `${pid} ${readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[19]}`;

describe("keep", () => {
  test("An instance that is killed from outside is seen at once and is back, routable only when it is ready", async () => {
    const slowly = server("0.0.0.0", '$ENV{"PORT"}', "sleep 1;");
    const [first] = await givenKept(given.workload({ web: { command: slowly } }));
    const changes: string[] = [];
    given.runtime.onChange(() =>
      changes.push(`${given.runtime.instances().map((one) => one.state)} healthy=${given.runtime.healthy(BLOG).length}`),
    );
    process.kill(first?.pid ?? 0, "SIGKILL");
    expect(await until("the crash", () => only().state !== "up")).toBeLessThan(100);
    expect(given.runtime.healthy(BLOG)).toEqual([]);
    await until("the restart", () => only().state === "up");
    const again = only();
    expect(again).toMatchObject({ restarts: 1, state: "up", reason: null });
    expect(again.address).not.toEqual(first?.address);
    expect(given.runtime.healthy(BLOG).map((one) => one.address)).toEqual([again.address]);
    expect(changes).toContain("crashed healthy=0");
    expect(changes).toContain("starting healthy=0");
    expect(changes.at(-1)).toBe("up healthy=1");
    const log = await logOf(given.runtime, "web.1");
    const crash = log.indexOf("pushboat[web.1]: State changed from up to crashed: killed by SIGKILL");
    expect(log.slice(crash).filter((line) => line.startsWith("pushboat"))).toEqual([
      "pushboat[web.1]: State changed from up to crashed: killed by SIGKILL",
      "pushboat[web.1]: Restarting at once (crash 1)",
      "pushboat[web.1]: State changed to starting",
      "pushboat[web.1]: State changed from starting to up",
    ]);
  });

  test("Five crashes are followed by a restart at once, the sixth by one after 10 s; exit 0 is a crash", async () => {
    const workload = given.workload({ worker: { command: "sleep 0.3; echo bye", readiness: { upForMs: 50 } } });
    await givenKept(workload);
    await until("the sixth crash", () => only().restarts === 5 && only().state === "crashed", 15_000);
    expect(only().reason).toBe("exited with code 0");
    const log = await logOf(given.runtime, "worker");
    expect(log.filter((line) => line.includes("Restarting")).map((line) => line.replace("pushboat[worker.1]: ", ""))).toEqual([
      ...["1", "2", "3", "4", "5"].map((crash) => `Restarting at once (crash ${crash})`),
      "Restarting in 10 s (crash 6)",
    ]);
    await sleep(1_000);
    expect(only()).toMatchObject({ state: "crashed", restarts: 5 });
  });

  test("A crash for want of memory says so, with the limit", async () => {
    const command = `exec perl -e 'sleep 1; my $n = 200_000_000; my $x = "x" x $n; sleep 100'`;
    await givenKept(given.workload({ worker: { command, size: { memoryBytes: 64 * 1024 * 1024 } } }));
    await until("the crash", () => only().restarts > 0);
    expect((await logOf(given.runtime)).join("\n")).toContain("State changed from up to crashed: out of memory (64 MB)");
  });

  test("A web that comes back and does not listen in time is ended and counts as crashed", async () => {
    const once = `[ -e /tmp/x ] || true; ${SERVER}`;
    const workload = given.workload({ web: { command: once, readiness: { timeoutMs: 600 } } });
    await givenKept(workload);
    given.runtime.keep({
      ...workload,
      processes: workload.processes.map((one) => ({ ...one, definition: { form: "shell", command: ["sleep 100"] } })),
    });
    process.kill(only().pid ?? 0, "SIGKILL");
    await until("the second crash", () => only().restarts >= 2);
    expect((await logOf(given.runtime)).join("\n")).toContain(
      "State changed from starting to crashed: does not listen on 0.0.0.0:$PORT (5000) after 600 ms",
    );
  });

  test("What is missing is started by keep itself, and nothing is restarted after forget", async () => {
    const workload = given.workload({ worker: { command: "sleep 100", quantity: 2 } });
    given.runtime.keep(workload);
    await until("both", () => given.runtime.instances().filter((one) => one.state === "up").length === 2);
    given.runtime.forget(BLOG);
    for (const { pid } of given.runtime.instances()) process.kill(pid ?? 0, "SIGKILL");
    await until("both crashes", () => given.runtime.instances().filter((one) => one.state === "crashed").length === 2);
    await sleep(200);
    expect(given.runtime.instances().map((one) => one.state)).toEqual(["crashed", "crashed"]);
  });

  test("Stopping a kept instance is no crash", async () => {
    const healthy = await givenKept(given.workload({ worker: { command: "sleep 100" } }));
    await given.runtime.stop(healthy);
    await sleep(200);
    expect(given.runtime.instances()).toEqual([]);
  });

  test("An instance that crashes between converge and keep is restarted by keep", async () => {
    const workload = given.workload({ worker: { command: "sleep 100" } });
    const { healthy } = await given.runtime.converge(workload, recorded());
    process.kill(healthy[0]?.pid ?? 0, "SIGKILL");
    await until("the crash", () => only().state === "crashed");
    given.runtime.keep(workload);
    await until("the restart", () => only().state === "up" && only().restarts === 1);
  });
});

describe("adopt", () => {
  test("After a restart of control what runs is as it was: process, start time, state, since, address", async () => {
    const workload = given.workload({ web: { command: SERVER, quantity: 2 }, worker: { command: "sleep 100" } });
    const before = await givenKept(workload);
    const identities = before.map(identity).sort();
    await sleep(50);
    const runtime = await given.restarted();
    const after = runtime.instances();
    expect(after.map(identity).sort()).toEqual(identities);
    const plain = (instances: readonly Instance[]): object[] =>
      instances.map(({ memoryBytes: _, ...rest }) => rest).sort((a, b) => a.id.localeCompare(b.id));
    expect(plain(after)).toEqual(plain(before));
    const { healthy, surplus } = await runtime.converge(workload, recorded());
    expect(healthy.map(identity).sort()).toEqual(identities);
    expect(surplus).toEqual([]);
    runtime.keep(workload);
    process.kill(before.find((one) => one.type === "worker")?.pid ?? 0, "SIGKILL");
    await until("the restart", () => runtime.instances().some((one) => one.type === "worker" && one.restarts === 1 && one.state === "up"));
  });

  test("What died meanwhile is known as crashed with its reason, and keep starts it again", async () => {
    const workload = given.workload({ worker: { command: "sleep 100" } });
    const [worker] = await givenKept(workload);
    const restarted = given.restarted();
    process.kill(worker?.pid ?? 0, "SIGKILL");
    const runtime = await restarted;
    await until("the crash", () => only().state === "crashed");
    expect(only().reason).toBe("killed by SIGKILL");
    runtime.keep(workload);
    await until("the restart", () => only().state === "up" && only().restarts === 1);
  });

  test("What an undone deploy left behind is surplus", async () => {
    await givenKept(given.workload({ worker: { command: "sleep 100" } }));
    await given.runtime.converge(given.workload({ worker: { command: "sleep 100" } }, { revision: "2" }), recorded());
    const runtime = await given.restarted();
    const { surplus } = await runtime.converge(given.workload({ worker: { command: "sleep 100" } }), recorded());
    expect(surplus.map((one) => one.revision)).toEqual(["2"]);
    await runtime.stop(surplus);
    expect(runtime.instances().map((one) => one.revision)).toEqual(["1"]);
  });

  test("One that was not ready yet is waited for again", async () => {
    const workload = given.workload({ web: { command: server("0.0.0.0", '$ENV{"PORT"}', "sleep 2;") } });
    given.runtime.converge(workload, recorded()).catch(() => {});
    await until("the start", () => given.runtime.instances()[0]?.pid !== undefined && only().pid !== null);
    const runtime = await given.restarted();
    expect(only().state).toBe("starting");
    runtime.keep(workload);
    expect(runtime.healthy(BLOG)).toEqual([]);
    await until("ready", () => runtime.healthy(BLOG).length === 1);
  });

  test("Crashes are counted over a restart of control", async () => {
    const workload = given.workload({ worker: { command: "sleep 0.3", readiness: { upForMs: 50 } } });
    await givenKept(workload);
    await until("some crashes", () => only().restarts >= 3 && only().state === "up");
    const runtime = await given.restarted();
    runtime.keep(workload);
    await until("the sixth crash", () => only().restarts === 5 && only().state === "crashed", 10_000);
    await sleep(600);
    expect(only()).toMatchObject({ state: "crashed", restarts: 5 });
  });
});
