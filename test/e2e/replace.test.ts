/** Strategy `replace`, for what writes alone: the old instance is gone before the new one begins, and nobody sees an error meanwhile. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp, tinyText } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** Writes when it begins and when it has ended its work, and a heartbeat between, into the volume; two at once would be seen there. */
const SERVER = `
const fs = require("node:fs"), http = require("node:http");
const text = require("./text.js");
const own = process.env.PUSHBOAT_RELEASE + "/" + process.env.DYNO + "/" + process.env.HOSTNAME;
const note = (what) => fs.appendFileSync("/data/journal", what + " " + process.env.DYNO.split(".")[0] + " " + own + "\\n");
note("begin");
setInterval(() => note("alive"), 20);
if (text === "broken" && process.env.DYNO === "web.1") setTimeout(() => process.exit(9), 300);
else if (process.env.DYNO.startsWith("web")) setTimeout(() => http.createServer((request, response) => {
  if (request.url === "/slow") return setTimeout(() => response.end("slow " + text), 700);
  response.end(text);
}).listen(process.env.PORT), 300);
process.on("SIGTERM", () => setTimeout(() => { note("end"); process.exit(0); }, 300));
`;

let platform: Platform;
let app: WorkingCopy;
beforeAll(async () => {
  platform = await givenPlatform();
  const yml = "processes:\n  web: { strategy: replace }\n  clock: { strategy: replace, quantity: 1 }\n";
  const files = { "server.js": SERVER, Procfile: "web: node server.js\nclock: node server.js\n", "pushboat.yml": yml };
  app = await platform.givenApp(tinyApp("one", files), { app: "single" });
  await platform.ssh("apps:create single");
  await platform.ssh("volumes:create single data");
  await platform.ssh("volumes:mount single data /data");
  await app.mustPush();
});
afterAll(() => platform?.stop());

/** Every line of the journal comes from the one that began last, for each type. */
function overlaps(): readonly string[] {
  const lines = readFileSync(join(platform.dataDirectory, "volumes/single/data/journal"), "utf8").trim().split("\n");
  const current = new Map<string, string>();
  return lines.filter((line) => {
    const [what, type, own] = line.split(" ") as [string, string, string];
    if (what === "begin") current.set(type, own);
    return current.get(type) !== own;
  });
}

/** Asks without a pause while something happens; answers what was not answered well. */
async function during(
  work: () => Promise<unknown>,
): Promise<{ readonly failures: readonly string[]; readonly answers: ReadonlySet<string> }> {
  let over = false;
  const [failures, answers] = [[] as string[], new Set<string>()];
  const asking = (async () => {
    while (!over) {
      const answer = await platform.http(app.host, "/").catch((error: Error) => ({ status: 0, body: error.message }));
      if (answer.status === 200) answers.add(answer.body);
      else failures.push(`${answer.status} ${answer.body.slice(0, 100)}`);
    }
  })();
  await work();
  over = true;
  await asking;
  return { failures, answers };
}

it("a push waits for the old ones to end, answers every request, and never are two of a type alive", async () => {
  const slow = platform.http(app.host, "/slow");
  app.write("text.js", tinyText("two")["text.js"] as string);
  const seen = await during(async () => {
    const pushed = await app.mustPush();
    expect(pushed.stderr).toMatch(/stopping (clock\.1, web\.1|web\.1, clock\.1) first \(strategy: replace\)/);
  });
  expect((await slow).body).toBe("slow one");
  expect(seen).toEqual({ failures: [], answers: new Set(["one", "two"]) });
  expect(overlaps()).toEqual([]);
});

it("so do a config change, a restart and a rollback", async () => {
  const seen = await during(async () => {
    for (const command of ["config:set single A=1", "ps:restart single", "rollback single v1"]) {
      const done = await platform.ssh(command);
      expect(done.code, done.output).toBe(0);
    }
  });
  expect(seen.failures).toEqual([]);
  await platform.expectHost(app.host).toAnswer("one");
  expect(overlaps()).toEqual([]);
});

it("a release that does not come up gives way to the old one again, whose requests waited", async () => {
  app.write("text.js", tinyText("broken")["text.js"] as string);
  const seen = await during(async () => {
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toMatch(/web\.1 exited with code 9/);
    expect(pushed.stderr).toMatch(/starting v\d+ again/);
  });
  expect(seen).toEqual({ failures: [], answers: new Set(["one"]) });
  const shown = JSON.parse((await platform.ssh("ps single --json")).stdout) as { type: string; state: string }[];
  expect(shown.map(({ type, state }) => `${type} ${state}`).sort()).toEqual(["clock up", "web up"]);
  expect(overlaps()).toEqual([]);
});

it("control killed in between leaves one of each, of the release that is current", async () => {
  app.write("text.js", tinyText("three")["text.js"] as string);
  const pushing = app.push();
  await eventually("the old ones are gone", async () => {
    const lines = readFileSync(join(platform.dataDirectory, "volumes/single/data/journal"), "utf8");
    return lines.trim().split("\n").at(-1)?.startsWith("end ") ? true : null;
  });
  process.kill(platform.pid("control"), "SIGKILL");
  await pushing;
  await eventually("one of each is up", async () => {
    const shown = await platform.ssh("ps single --json");
    if (shown.code !== 0) return null;
    const states = (JSON.parse(shown.stdout) as { type: string; state: string }[]).map(({ type, state }) => `${type} ${state}`).sort();
    return states.join() === "clock up,web up" ? true : null;
  });
  await platform.expectHost(app.host).toAnswer(/^(one|three)$/);
  expect(overlaps()).toEqual([]);
});
