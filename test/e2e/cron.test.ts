/** Cron jobs of app.json and pushboat.yml: from a push to their runs, and over the death of control. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const APP_JSON = { cron: [{ command: "echo hourly in $PUSHBOAT_RELEASE", schedule: "@hourly" }] };
const YML = `
cron:
  every-minute: { schedule: "* * * * *", command: "echo due as $DYNO", timezone: Europe/Berlin }
  fails: { schedule: "0 3 * * *", command: "echo trying; exit 4" }
  long: { schedule: "0 3 * * *", command: "echo began; sleep 12; echo ended" }
environments:
  staging: { cron: true }
`;

interface Run {
  readonly name: string;
  readonly job: string | null;
  readonly state: string;
  readonly exitCode: number | null;
  readonly by: string;
  readonly due: string | null;
}

describe("cron", () => {
  let platform: Platform;
  let app: WorkingCopy;
  const json = async <T>(command: string): Promise<T> => JSON.parse((await platform.ssh(`${command} --json`)).stdout) as T;
  const history = (job: string) => json<readonly Run[]>(`cron:history blog ${job}`);
  const ended = (name: string) =>
    eventually(`${name} has ended`, async () => {
      const run = (await json<readonly Run[]>("cron:history blog")).find((one) => one.name === name);
      if (run === undefined || run.state === "running") throw new Error(JSON.stringify(run));
      return run;
    });

  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "2000" } });
    app = await platform.givenApp(tinyApp("jobs", { "app.json": JSON.stringify(APP_JSON), "pushboat.yml": YML }), { app: "blog" });
    await app.mustPush();
  });
  afterAll(() => platform?.stop());

  it("refuses a push with a schedule that is none, before the build, with the place", async () => {
    app.write("pushboat.yml", 'cron: { bad: { schedule: "0 25 * * *", command: x } }\n');
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toContain('pushboat.yml: cron/bad/schedule: "0 25 * * *" is not a schedule: Invalid value for hour: 25');
    expect(pushed.output).not.toContain("Building layers");
    app.write("pushboat.yml", YML);
    await app.mustPush();
  });

  it("lists each job with its next time; in a branch they rest unless they are told to run there", async () => {
    const jobs = await json<readonly { name: string; next: string | null; suspended: boolean }[]>("cron blog");
    expect(jobs.map(({ name }) => name)).toEqual(["echo-hourly-in-pushboat-release", "every-minute", "fails", "long"]);
    expect(jobs.every(({ next, suspended }) => next !== null && !suspended && Date.parse(next) > Date.now() - 60_000)).toBe(true);
    await app.mustPush("feature-x");
    expect((await platform.ssh("cron blog@feature-x")).stdout).toMatch(/every-minute .* suspended/);
    expect((await platform.ssh("cron:run blog@feature-x fails")).code).toBe(0);
  });

  it("runs a job on demand as a one-off of the current release, and keeps its end and its output", async () => {
    const hourly = await json<Run>("cron:run blog echo-hourly-in-pushboat-release");
    expect(await ended(hourly.name)).toMatchObject({ state: "done", exitCode: 0, by: "tester@test", due: null });
    expect((await platform.ssh(`cron:logs blog ${hourly.name}`)).stdout).toBe("hourly in v2\n");
    const failing = await json<Run>("cron:run blog fails");
    expect(await ended(failing.name)).toMatchObject({ state: "failed", exitCode: 4 });
    expect((await platform.ssh("cron:logs blog fails")).stdout).toBe("trying\n");
    expect((await platform.ssh("cron blog")).stdout).toContain(`${failing.name} failed (exited with code 4)`);
    expect((await platform.ssh(`logs blog -n 1000 -p ${failing.name}`)).stdout).toContain(`app[${failing.name}]: trying`);
  });

  it("refuses a second run of a job that goes on, and a job that there is not, by name", async () => {
    const long = await json<Run>("cron:run blog long");
    const second = await platform.ssh("cron:run blog long");
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("cron/running")]);
    expect((await platform.ssh("cron:run blog nothing")).stderr).toContain("There are: ");
    await eventually("it began", async () => (await platform.ssh(`cron:logs blog ${long.name}`)).stdout.includes("began"));
  });

  it("runs go on while control is killed, and the next one writes down how they end", async () => {
    const pid = platform.pid("control");
    process.kill(pid, "SIGKILL");
    await eventually("another control answers", async () => platform.pid("control") !== pid && (await platform.ssh("status")).code === 0);
    const [long] = await history("long");
    expect(await ended(long?.name ?? "")).toMatchObject({ state: "done", exitCode: 0 });
    expect((await platform.ssh("cron:logs blog long")).stdout).toBe("began\nended\n");
  });

  it("are started when they are due, without anybody asking", async () => {
    const run = await eventually(
      "the job of every minute ran by itself",
      async () => {
        const done = (await history("every-minute")).find(({ state }) => state === "done");
        if (done === undefined) throw new Error("not yet");
        return done;
      },
      150_000,
    );
    expect(run).toMatchObject({ by: "cron", exitCode: 0 });
    expect(run.due).toMatch(/:00\.000Z$/);
    expect((await platform.ssh(`cron:logs blog ${run.name}`)).stdout).toBe(`due as ${run.name}\n`);
  });
});
