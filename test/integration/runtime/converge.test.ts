import { readdirSync } from "node:fs";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Instance, PushboatError, type Workload } from "../../../core/index.ts";
import {
  BLOG,
  type GivenRuntime,
  givenRuntime,
  httpCheck,
  logOf,
  namesOf,
  outputOf,
  type Recorded,
  recorded,
  SERVER,
  server,
} from "./given.ts";

let given: GivenRuntime;
beforeAll(async () => {
  given = await givenRuntime();
});
afterEach(async () => {
  given.runtime.forget(BLOG);
  await given.runtime.stop(given.runtime.instances());
  expect(given.runtime.instances()).toEqual([]);
  expect(given.complaints).toEqual([]);
});
afterAll(async () => {
  await given?.end();
});

function answerOf(instance: Instance): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: instance.address?.ip, port: instance.address?.port, agent: false }, (answer) => resolve(text(answer))).on("error", reject);
  });
}

async function failureOf(workload: Workload, options: Recorded): Promise<PushboatError> {
  const thrown = await given.runtime.converge(workload, options).then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof PushboatError)) throw new Error(`not a PushboatError: ${String(thrown)}`, { cause: thrown });
  return thrown;
}

describe("converge", () => {
  test("Web is up before the others begin, and answers", async () => {
    const options = recorded();
    const workload = given.workload({ worker: { command: "sleep 100" }, web: { command: SERVER, quantity: 2 } });
    const { healthy, surplus } = await given.runtime.converge(workload, options);
    expect(namesOf(healthy).sort()).toEqual(["web.1", "web.2", "worker.1"]);
    expect(surplus).toEqual([]);
    expect(await Promise.all(healthy.filter((one) => one.address !== null).map(answerOf))).toEqual(["ok", "ok"]);
    expect(healthy.find((one) => one.type === "worker")?.address).toBeNull();
    const log = await logOf(given.runtime);
    expect(log.indexOf("pushboat[web.2]: State changed from starting to up")).toBeLessThan(
      log.indexOf("pushboat[worker.1]: State changed to starting"),
    );
    expect(options.events.map((event) => (event.kind === "detail" ? event.text.replace(/\d.*/, "") : event.kind))).toEqual([
      "web.",
      "worker.",
    ]);
  });

  test("Each instance is told its name and port, over image and config", async () => {
    const workload = given.workload({
      web: { command: `echo "$DYNO $PUSHBOAT_INSTANCE $PORT $GREETING $LANG $HOME $(id -u)"; ${SERVER}` },
    });
    await given.runtime.converge(workload, recorded());
    expect(await logOf(given.runtime, "web")).toContain("app[web.1]: web.1 web.1 5000 hello C /app 1000");
  });

  test("The same revision is kept, a bigger formation adds, a smaller one leaves a surplus", async () => {
    const [one, three] = [1, 3].map((quantity) => given.workload({ web: { command: SERVER, quantity } })) as [Workload, Workload];
    const first = await given.runtime.converge(one, recorded());
    const bigger = await given.runtime.converge(three, recorded());
    expect(bigger.healthy.find((instance) => instance.index === 1)?.pid).toBe(first.healthy[0]?.pid);
    const smaller = await given.runtime.converge(one, recorded());
    expect(smaller.healthy).toHaveLength(1);
    expect(namesOf(smaller.surplus)).toEqual(["web.2", "web.3"]);
    expect(given.runtime.instances().filter((instance) => instance.state === "up")).toHaveLength(3);
  });

  test("Another revision starts beside the old one, which is surplus; undo stops only what was started", async () => {
    const old = await given.runtime.converge(given.workload({ web: { command: SERVER } }), recorded());
    const next = await given.runtime.converge(given.workload({ web: { command: SERVER } }, { revision: "2", release: 2 }), recorded());
    expect(next.surplus.map((instance) => instance.id)).toEqual(old.healthy.map((instance) => instance.id));
    await next.undo();
    await next.undo();
    expect(given.runtime.instances().map((instance) => instance.pid)).toEqual(old.healthy.map((instance) => instance.pid));
    expect(await answerOf(given.runtime.instances()[0] as Instance)).toBe("ok");
  });

  test("An abort stops everything that was started, within moments", async () => {
    const abort = new AbortController();
    const workload = given.workload({ web: { command: "sleep 100" } });
    const convergence = given.runtime.converge(workload, recorded(abort.signal));
    await sleep(300);
    const startedMs = performance.now();
    abort.abort(new Error("cancelled by alice"));
    await expect(convergence).rejects.toThrow("cancelled by alice");
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    expect(given.runtime.instances()).toEqual([]);
  });

  test("Stopping is TERM to the app itself, also behind a compound command, and the app may finish", async () => {
    const graceful = `SIG{TERM} = sub { sleep 1; print "finished\\n"; exit 0 };`;
    const workload = given.workload({
      web: { command: `true && ${server("0.0.0.0", '$ENV{"PORT"}', `$${graceful}`).replace("exec ", "")}; echo not reached` },
    });
    const { healthy } = await given.runtime.converge(workload, recorded());
    const startedMs = performance.now();
    await Promise.all([given.runtime.stop(healthy), given.runtime.stop(healthy)]);
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThan(950);
    expect(tookMs).toBeLessThan(3_000);
    const log = await logOf(given.runtime, "web");
    expect(log).toContain("app[web.1]: finished");
    expect(log).not.toContain("app[web.1]: not reached");
    expect(log).toContain("pushboat[web.1]: State changed from up to stopping");
    expect(log.at(-1)).toBe("pushboat[web.1]: State changed from stopping to down");
  });

  test("What ignores TERM is killed after the time for it", async () => {
    const workload = given.workload({ web: { command: server("0.0.0.0", '$ENV{"PORT"}', '$SIG{TERM} = "IGNORE";') } });
    const { healthy } = await given.runtime.converge(workload, recorded());
    const startedMs = performance.now();
    await given.runtime.stop(healthy);
    expect(performance.now() - startedMs).toBeGreaterThan(4_900);
    expect(performance.now() - startedMs).toBeLessThan(6_500);
  });

  test("Nothing of a stopped instance is left but its log", async () => {
    const { healthy } = await given.runtime.converge(given.workload({ web: { command: SERVER } }), recorded());
    await given.runtime.stop(healthy);
    expect(readdirSync(`${given.settings.runDirectory}/containers`)).toEqual([]);
    expect(readdirSync(`${given.settings.runDirectory}/ready`)).toEqual([]);
  });
});

describe("a start that fails", () => {
  test("that exits at once shows its last lines and its exit code", async () => {
    const options = recorded();
    const error = await failureOf(given.workload({ web: { command: "exec perl -e 'print \"line $_\\n\" for 1..30; exit 3'" } }), options);
    expect(error.code).toBe("start/exited");
    expect(error.message).toMatch(/^web\.1 exited with code 3, \d+ ms after its start$/);
    expect(outputOf(options)).toEqual(Array.from({ length: 20 }, (_, at) => `web.1: line ${at + 11}`));
    expect(given.runtime.instances()).toEqual([]);
  });

  test("whose command does not exist says so", async () => {
    const options = recorded();
    const error = await failureOf(given.workload({ web: { command: "no-such-command --port 1" } }), options);
    expect(error.message).toContain("web.1 exited with code 127");
    expect(error.hint).toContain("was not found");
    expect(outputOf(options).join()).toContain("no-such-command: not found");
  });

  test("that listens on 127.0.0.1 only is told so long before the timeout", async () => {
    const startedMs = performance.now();
    const error = await failureOf(given.workload({ web: { command: server("127.0.0.1", '$ENV{"PORT"}') } }), recorded());
    expect(error.code).toBe("start/not-listening");
    expect(error.message).toBe("web.1 listens on 127.0.0.1:5000; it must listen on 0.0.0.0:$PORT");
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test("that listens on another port is told which", async () => {
    const error = await failureOf(
      given.workload({ web: { command: server("0.0.0.0", "3000"), readiness: { timeoutMs: 1_500 } } }),
      recorded(),
    );
    expect(error.code).toBe("start/not-listening");
    expect(error.message).toBe("web.1 listens on 0.0.0.0:3000 and not on $PORT (5000) after 1.5 s");
  });

  test("that never listens ends with its timeout", async () => {
    const error = await failureOf(
      given.workload({ web: { command: "echo waiting; sleep 100", readiness: { timeoutMs: 1_000 } } }),
      recorded(),
    );
    expect(error.message).toBe("web.1 does not listen on 0.0.0.0:$PORT (5000) after 1.0 s");
  });

  test("whose health check answers with an error shows the answer", async () => {
    const sick = SERVER.replace("200 OK", "503 Nope");
    const error = await failureOf(
      given.workload({ web: { command: sick, readiness: { timeoutMs: 1_000, checks: [httpCheck("/health")] } } }),
      recorded(),
    );
    expect(error.code).toBe("start/health-check");
    expect(error.message).toBe("web.1 is not healthy after 1.0 s: GET /health answers 503");
  });

  test("that takes more memory than it has is shown as such", async () => {
    const error = await failureOf(
      given.workload({
        web: { command: `exec perl -e 'my $n = 200_000_000; my $x = "x" x $n; sleep 100'`, size: { memoryBytes: 64 * 1024 * 1024 } },
      }),
      recorded(),
    );
    expect(error.code).toBe("start/out-of-memory");
    expect(error.message).toMatch(/^web\.1 ran out of memory \(64 MB\), /);
  });

  test("that forks without end harms nobody and is removed", async () => {
    const options = recorded();
    const error = await failureOf(
      given.workload({ web: { command: "f() { f | f & }; f; sleep 100", readiness: { timeoutMs: 1_500 }, size: { pids: 64 } } }),
      options,
    );
    expect(error.code).toMatch(/^start\/(not-listening|exited)$/);
    expect(given.runtime.instances()).toEqual([]);
  });

  test("that is a worker after a good web stops web too", async () => {
    const error = await failureOf(given.workload({ web: { command: SERVER }, worker: { command: "echo no queue; exit 1" } }), recorded());
    expect(error.message).toMatch(/^worker\.1 exited with code 1/);
    expect(given.runtime.instances()).toEqual([]);
  });
});
