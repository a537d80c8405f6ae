import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Actor } from "../../../control/index.ts";
import { PushboatError } from "../../../core/index.ts";
import { begin, call } from "./call.ts";
import { DEPLOYMENT } from "./recording-control.ts";

const never = () => new Promise<never>(() => {});

describe("a change that deploys", () => {
  it("shows the deployment's events on stderr and then the line as a whole", async () => {
    const changeConfig = async (_target: unknown, _changes: unknown, actor: Actor) => {
      actor.onEvent({ kind: "phase-started", phase: "start", title: "Starting web" });
      actor.onEvent({ kind: "output", source: "web.1", text: "listening" });
      return { release: 14, deployment: DEPLOYMENT };
    };
    const { stdout, stderr } = await call(["config:set", "blog", "A=1"], { control: { changeConfig } });
    expect(stdout).toBe("A: 1\n");
    expect(stderr).toBe(
      "Setting A and restarting blog...\n-----> Starting web\n       listening\nSetting A and restarting blog... done, v14\n",
    );
  });

  it("that takes long says what it does at once, and goes on in the same line", async () => {
    const changeConfig = async () => {
      await sleep(300);
      return { release: 14, deployment: { ...DEPLOYMENT, kind: "config" as const } };
    };
    const calling = begin(["config:set", "blog", "A=1"], { control: { changeConfig } });
    await sleep(250);
    expect(calling.stderr()).toBe("Setting A and restarting blog...");
    expect((await calling.answered).stderr).toBe("Setting A and restarting blog... done, v14\n");
  });

  it("that fails is exit 1, and the error has a line of its own", async () => {
    const changeConfig = async () => {
      throw new PushboatError({ code: "start/exited", message: "web.1 exited with 1", hint: "v12 still serves." });
    };
    const { exitCode, stdout, stderr } = await call(["config:set", "blog", "A=1"], { control: { changeConfig } });
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(" !     web.1 exited with 1  [start/exited]\n !     v12 still serves.\n");
  });

  it.each(["failed", "cancelled", "superseded"] as const)("is exit 1 where the deployment comes back as %s", async (state) => {
    const deployment = { ...DEPLOYMENT, state, reason: "build failed" };
    const control = {
      retryDeployment: async () => deployment,
      attachDeployment: async () => deployment,
      changeConfig: async () => ({ release: null, deployment }),
    };
    for (const argv of [
      ["deploys:retry", "blog"],
      ["deploys:attach", "42"],
      ["config:set", "blog", "A=1"],
    ]) {
      const { exitCode, stderr } = await call(argv, { control });
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`Deployment 42 is ${state}: build failed`)]);
    }
  });

  it("says so when it could not be cancelled in time", async () => {
    const { exitCode, stderr } = await call(["deploys:cancel", "42"], { control: { cancelDeployment: async () => DEPLOYMENT } });
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("deploy/too-late")]);
  });
});

describe("a client that goes", () => {
  it("ends waiting, with exit 1, though control never answers", async () => {
    const calling = begin(["ps:restart", "blog"], { control: { restart: never } });
    calling.disconnect();
    expect((await calling.answered).exitCode).toBe(1);
  });

  it("or presses ^C: it is told that the operation goes on", async () => {
    const calling = begin(["ps:restart", "blog"], { control: { restart: never } });
    calling.signal("INT");
    const { exitCode, stderr } = await calling.answered;
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("what was begun goes on")]);
  });

  it("reaches control through the actor, so that it stops waiting too", async () => {
    let signal: AbortSignal | undefined;
    const restart = (_: unknown, actor: Actor) => {
      signal = actor.disconnected;
      return never();
    };
    const calling = begin(["ps:restart", "blog"], { control: { restart } });
    await new Promise(setImmediate);
    expect(signal?.aborted).toBe(false);
    calling.disconnect();
    expect(signal?.aborted).toBe(true);
    await calling.answered;
  });

  it("ends logs -t with exit 0, whose end it always is", async () => {
    async function* logs(_: unknown, query: { signal: AbortSignal }) {
      yield { time: "2026-08-01T10:00:00.000000+00:00", source: "app[web.1]", text: "one" };
      if (!query.signal.aborted) await once(query.signal, "abort");
    }
    const calling = begin(["logs", "blog", "-t"], { control: { logs } });
    calling.signal("INT");
    const { exitCode, stdout } = await calling.answered;
    expect([exitCode, stdout]).toEqual([0, "2026-08-01T10:00:00.000000+00:00 app[web.1]: one\n"]);
  });
});

describe("logs", () => {
  it("--since leaves out what is older and looks at all lines", async () => {
    const { stdout, asked } = await call(["logs", "blog", "--since", "1m"]);
    expect(stdout).toBe('2026-08-01T10:04:30.000000+00:00 pushboat[router]: at=info method=GET path="/"\n');
    expect(asked[0]?.with[1]).toMatchObject({ lines: null, follow: false, process: null });
  });

  it("-n, -p and -t reach control", async () => {
    const { asked } = await call(["logs", "blog", "-tn", "5", "-p", "web.1"]);
    expect(asked[0]?.with[1]).toMatchObject({ lines: 5, follow: true, process: "web.1" });
  });
});
