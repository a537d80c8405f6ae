import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Instance, Workload } from "../../../core/index.ts";
import { eventually } from "../../support/eventually.ts";
import { BLOG, type GivenRuntime, givenRuntime, httpCheck, logOf, NEVER, recorded, runOneOff } from "./given.ts";

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

/** Answers 200, but 500 to a path whose file is in /tmp: /sick/ready makes it, /well/ready removes it. */
const MOODY = `exec perl -MIO::Socket::INET -e '$| = 1; my $s = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $ENV{"PORT"}, Listen => 128, ReuseAddr => 1) or die; while (my $c = $s->accept) { my $l = <$c>; my ($p, $n) = $l =~ m{GET (/(?:(?:sick|well)/)?)(\\w*)}; if ($p eq "/sick/") { open my $f, ">", "/tmp/$n" } if ($p eq "/well/") { unlink "/tmp/$n" } my $code = $p eq "/" && -e "/tmp/$n" ? 500 : 200; print $c "HTTP/1.1 $code X\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n"; close $c }'`;

async function givenKept(workload: Workload): Promise<void> {
  await given.runtime.converge(workload, recorded());
  given.runtime.keep(workload);
}

async function becomes(assertion: () => void, withinMs?: number): Promise<void> {
  const ask = async (): Promise<true> => {
    assertion();
    return true;
  };
  await eventually("the instances are as expected", ask, withinMs);
}

const instances = (): readonly Instance[] => given.runtime.instances(BLOG);
const get = async (instance: Instance | undefined, path: string): Promise<void> => {
  await fetch(`http://${instance?.address?.ip}:${instance?.address?.port}${path}`);
};
const states = (): string[] => instances().map(({ type, index, state }) => `${type}.${index} ${state}`);

test("An instance whose readiness check fails leaves the rotation, the other stays, and it comes back by itself", async () => {
  await givenKept(given.workload({ web: { command: MOODY, quantity: 2, health: { readiness: [httpCheck("/ready")] } } }));
  let told = 0;
  given.runtime.onChange(() => {
    told += 1;
  });
  const [first] = instances();
  await get(first, "/sick/ready");
  await becomes(() => expect(states()).toEqual(["web.1 unready", "web.2 up"]));
  expect(given.runtime.healthy(BLOG).map(({ index }) => index)).toEqual([2]);
  expect(told).toBe(1);
  expect(instances()[0]?.reason).toBe("readiness check failed 2 times: GET /ready answers 500");
  await get(first, "/well/ready");
  await becomes(() => expect(states()).toEqual(["web.1 up", "web.2 up"]));
  expect(instances()[0]).toMatchObject({ pid: first?.pid, restarts: 0, reason: null });
  expect(told).toBe(2);
  expect(await logOf(given.runtime, "web.1")).toEqual(
    expect.arrayContaining([
      "pushboat[web.1]: State changed from up to unready: readiness check failed 2 times: GET /ready answers 500",
      "pushboat[web.1]: State changed from unready to up",
    ]),
  );
});

test("An instance whose liveness check fails is out at once, ended, and replaced", async () => {
  await givenKept(given.workload({ web: { command: MOODY, health: { liveness: [httpCheck("/live")] } } }));
  const [first] = instances();
  await get(first, "/sick/live");
  await becomes(() => expect(instances()).toMatchObject([{ state: "up", restarts: 1 }]));
  expect(instances()[0]?.pid).not.toBe(first?.pid);
  const reason = "liveness check failed 2 times: GET /live answers 500";
  const log = await logOf(given.runtime, "web.1");
  expect(log).toContain(`pushboat[web.1]: State changed from up to unready: ${reason}`);
  expect(log).toContain(`pushboat[web.1]: State changed from unready to crashed: ${reason}`);
});

test("A command is run inside; what has no port can be checked too, and starts only when its startup check is well", async () => {
  const probe = { kind: "command", form: "shell", command: ["test ! -e /tmp/sick"] } as const;
  const booted = { kind: "command", form: "shell", command: ["test -e /tmp/booted"] } as const;
  const rules = { attempts: 2, timeoutMs: 5_000, waitMs: 100 };
  const command = "sleep 0.3; touch /tmp/booted; sleep 1; touch /tmp/sick; sleep 1000";
  const workload = given.workload({
    worker: { command, readiness: { checks: [{ probe: booted, ...rules }] }, health: { liveness: [{ probe, ...rules }] } },
  });
  await givenKept(workload);
  await becomes(() => expect(instances()).toMatchObject([{ restarts: 1 }]), 20_000);
  expect(await logOf(given.runtime, "worker.1")).toContain(
    "pushboat[worker.1]: State changed from unready to crashed: liveness check failed 2 times: test ! -e /tmp/sick exited with code 1",
  );
});

test("After control was killed what runs is checked again, and what was out stays out until it is well", async () => {
  const workload = given.workload({ web: { command: MOODY, health: { readiness: [httpCheck("/ready")] } } });
  await givenKept(workload);
  const [first] = instances();
  await get(first, "/sick/ready");
  await becomes(() => expect(states()).toEqual(["web.1 unready"]));
  await given.restarted();
  expect(states()).toEqual(["web.1 unready"]);
  given.runtime.keep(workload);
  await get(first, "/well/ready");
  await becomes(() => expect(states()).toEqual(["web.1 up"]));
  await get(first, "/sick/ready");
  await becomes(() => expect(states()).toEqual(["web.1 unready"]));
  expect(instances()[0]?.pid).toBe(first?.pid);
});

test("What is frozen is not asked, so it does not become unready in its sleep", async () => {
  await givenKept(given.workload({ web: { command: MOODY, health: { readiness: [httpCheck("/ready", { timeoutMs: 200 })] } } }));
  const seen: string[] = [];
  given.runtime.onChange(() => void seen.push(...states()));
  given.runtime.freeze(BLOG);
  const other = given.workload({});
  for (let round = 0; round < 3; round += 1) await runOneOff(given.runtime, other, "sleep 0.4", { signal: NEVER });
  given.runtime.thaw(BLOG);
  await get(instances()[0], "/well/ready");
  // One-offs that end are changes, too; at each of them it is up.
  expect([seen.filter((state) => state !== "web.1 up"), states()]).toEqual([[], ["web.1 up"]]);
});
