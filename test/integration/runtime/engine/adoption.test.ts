import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.ts";
import { ended, type GivenEngine, givenEngine } from "./given-engine.ts";

let given: GivenEngine;
beforeAll(async () => {
  given = await givenEngine();
});
afterAll(() => given?.end());

describe("containers outlive the engine", () => {
  test("another engine finds them as they are, with labels, log and exit code", async () => {
    const started = await given.engine.start(
      given.spec("lives", ["sh", "-c", "echo before; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo after; exit 6"]),
    );
    await given.engine.close();
    const next = given.again();
    await next.prepare();
    expect(await next.list()).toEqual([started]);
    const child = await next.exec({
      id: "lives",
      argv: ["touch", "/tmp/go"],
      env: {},
      workingDirectory: "/",
      uid: 1000,
      gid: 1000,
      terminal: null,
    });
    await child.exit;
    expect(await ended(next, "lives")).toEqual({ exitCode: 6, outOfMemory: false, unknown: false });
    expect(given.log("lives")).toBe("before\nafter\n");
    await next.remove("lives");
    await next.close();
    await given.engine.prepare();
  });

  test("an end that nobody watched is still known afterwards", async () => {
    await given.engine.start(given.spec("unwatched", ["sh", "-c", "sleep 0.2; exit 3"]));
    const next = given.again();
    await next.prepare();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await ended(next, "unwatched")).exitCode).toBe(3);
    await next.remove("unwatched");
    await next.close();
  });

  test("an engine killed with -9 leaves them running, process id and start time unchanged", async () => {
    const holder = await startHolder("started");
    const container = JSON.parse(await holder.line) as { id: string; pid: number; startTicks: string };
    holder.process.kill("SIGKILL");
    await holder.closed;
    const next = given.again();
    await next.prepare();
    expect((await next.list()).find(({ id }) => id === container.id)).toMatchObject(container);
    expect(existsSync(`/proc/${container.pid}`)).toBe(true);
    await next.kill(container.id, "KILL");
    expect((await ended(next, container.id)).exitCode).toBe(137);
    await next.remove(container.id);
    await next.close();
  });

  test("an engine killed with -9 in the middle of starts leaves whole containers or none", async () => {
    for (const delayMs of [5, 15, 30, 45, 60]) {
      const holder = await startHolder("starting");
      await holder.line;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      holder.process.kill("SIGKILL");
      await holder.closed;
      const next = given.again();
      await next.prepare();
      for (const container of await next.list()) {
        expect(existsSync(`/proc/${container.pid}`)).toBe(true);
        await next.remove(container.id);
      }
      expect(await next.list()).toEqual([]);
      expect(mountsOf(given.settings.platformId)).toHaveLength(1);
      await next.close();
    }
  });

  test("a conmon that is killed takes neither the container nor its log along; the exit code is unknown then", async () => {
    // ends at the first line that it cannot write, as most programs do
    const script =
      "$SIG{PIPE} = 'DEFAULT'; $| = 1; for (1 .. 300) { print qq{line $_\\n}; print STDERR qq{problem $_\\n}; select undef, undef, undef, 0.01 }";
    for (const adopted of [false, true]) {
      const id = adopted ? "orphan-adopted" : "orphan";
      await given.engine.start(given.spec(id, ["perl", "-e", script]));
      await eventually("it has begun", async () => given.log(id).includes("line 5\n"));
      const engine = adopted ? given.again() : given.engine;
      if (adopted) {
        await given.engine.close();
        await engine.prepare();
      }
      process.kill(Number(readFileSync(`${given.settings.runDirectory}/containers/${id}/conmon.pid`, "utf8")), "SIGKILL");
      expect(await ended(engine, id)).toMatchObject({ unknown: true });
      await eventually("all lines are there", async () => given.log(id).includes("problem 300\n"));
      expect(given.log(id).match(/^line \d+$/gm)).toHaveLength(300);
      await engine.remove(id);
      if (adopted) await engine.close();
    }
    await given.engine.prepare();
    expect(given.warnings.join("\n")).toContain("its conmon is gone");
  });

  test("a half-made bundle is found and removed, with a word about it", async () => {
    const directory = `${given.settings.runDirectory}/containers/half`;
    mkdirSync(directory);
    writeFileSync(`${directory}/record.json`, "{ not json");
    const next = given.again();
    await next.prepare();
    expect(existsSync(directory)).toBe(false);
    expect(given.warnings.join("\n")).toContain("left half made");
    await next.close();
  });

  test("the helper process that makes mounts may die at any time", async () => {
    const helpers = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
    const helper = helpers.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("helper.pl"));
    expect(helper).toBeDefined();
    process.kill(Number(helper), "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await given.engine.start(given.spec("after-helper", ["true"]));
    await given.engine.remove("after-helper");
  });
});

/** A child process with an engine for the same platform: prints a container, or one line and then starts three. */
async function startHolder(name: "started" | "starting"): Promise<{ process: ChildProcess; line: Promise<string>; closed: Promise<void> }> {
  const face = new URL("../../../../runtime/engine/index.ts", import.meta.url).href;
  const spec = given.spec("held", ["sleep", "600"]);
  const script = `
    import { createEngine } from ${JSON.stringify(face)};
    const engine = createEngine({ settings: ${JSON.stringify(given.settings)}, log: { warn() {} } });
    await engine.prepare();
    const spec = ${JSON.stringify(spec)};
    if (${JSON.stringify(name)} === "started") console.log(JSON.stringify(await engine.start({ ...spec, id: "held-${process.pid}" })));
    else {
      console.log("{}");
      await Promise.all([1, 2, 3].map((number) => engine.start({ ...spec, id: "held-" + number })));
    }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const line = new Promise<string>((resolve) => child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString())));
  const closed = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return { process: child, line, closed };
}

function mountsOf(platformId: string): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(platformId));
}
