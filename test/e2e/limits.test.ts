/** What an app comes up against is a limit of its own, never the machine, and `ps` and the log say which. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

/** Fills its disk by a file, or by one that has no name; forks; ends as it is told. */
const SERVER = `
const http = require("node:http"), fs = require("node:fs"), { spawn } = require("node:child_process");
const fill = (path, unlinked) => {
  const file = fs.openSync(path, "w");
  if (unlinked) fs.unlinkSync(path);
  let megabytes = 0;
  try { for (; megabytes < 500; megabytes += 1) fs.writeSync(file, Buffer.alloc(1 << 20, 1)); return "no limit"; }
  catch (error) { return error.code + " after " + megabytes + " MB"; }
  finally { fs.closeSync(file); }
};
const fork = () => new Promise((resolve) => {
  let started = 0, failed = "";
  const next = () => {
    if (failed || started >= 300) return resolve(failed + " after " + started);
    const child = spawn("sleep", ["2"]);
    child.on("error", (error) => { failed = error.code; });
    started += 1;
    setImmediate(next);
  };
  next();
});
http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://app");
  if (url.pathname === "/fill") return response.end(fill(url.searchParams.get("path"), url.searchParams.has("unlinked")));
  if (url.pathname === "/free") { fs.rmSync(url.searchParams.get("path")); return response.end("freed"); }
  if (url.pathname === "/fork") return response.end(await fork());
  if (url.pathname === "/exit") { response.end("bye"); return void setTimeout(() => process.exit(3), 20); }
  if (url.pathname === "/abort") { response.end("bye"); return void setTimeout(() => process.kill(process.pid, "SIGKILL"), 20); }
  if (url.pathname === "/eat") { response.end("bye"); const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1)); }
  response.end("fine");
}).listen(process.env.PORT);
`;

interface Shown {
  readonly state: string;
  readonly reason: string | null;
  readonly restarts: number;
}

let platform: Platform;
let app: WorkingCopy;
beforeAll(async () => {
  platform = await givenPlatform();
  const yml = "processes:\n  web:\n    size: { memory: 128mb, disk: 64mb, pids: 60 }\n";
  app = await platform.givenApp(tinyApp("one", { "server.js": SERVER, "pushboat.yml": yml }), { app: "greedy" });
  await app.mustPush();
});
afterAll(() => platform?.stop());

const ask = async (path: string) => (await platform.http(app.host, path)).body;
const instance = async () => (JSON.parse((await platform.ssh("ps greedy --json")).stdout) as Shown[])[0] as Shown;
const reason = async (expected: string | null) =>
  await eventually(`ps says ${expected}`, async () => {
    const shown = await instance();
    return shown.state === "up" && shown.reason === expected ? shown : null;
  });
const logged = async (text: string) =>
  await eventually(`the log says ${text}`, async () => ((await platform.ssh("logs greedy -n 200")).stdout.includes(text) ? true : null));

it("an app that writes all it can gets no more than its writable layer, is told so by the system, and runs on", async () => {
  expect(await ask("/fill?path=/tmp/big")).toMatch(/^ENOSPC after (5|6)\d MB$/);
  await reason("disk limit reached (64 MB)");
  expect((await platform.ssh("ps greedy")).stdout).toMatch(/web\.1: up .* disk limit reached \(64 MB\)/);
  await logged("pushboat[web.1]: Disk limit reached (64 MB)");
  expect(await ask("/")).toBe("fine");
  await ask("/free?path=/tmp/big");
  await reason(null);
});

it("a file without a name takes no more", async () => {
  expect(await ask("/fill?path=/tmp/hidden&unlinked")).toMatch(/^ENOSPC after (5|6)\d MB$/);
});

it("an app that forks all it can is refused at its limit", async () => {
  expect(await ask("/fork")).toMatch(/^EAGAIN after \d+$/);
  await reason("process limit reached (60)");
  await logged("pushboat[web.1]: Process limit reached (60)");
});

it("how an instance ended stands in the log in words, with what it came up against", async () => {
  await platform.ssh("ps:restart greedy");
  await ask("/fill?path=/tmp/big");
  await ask("/exit");
  await logged("State changed from up to crashed: exited with code 3, disk limit reached (64 MB)");
  await platform.expectHost(app.host).toAnswer("fine");
  await ask("/abort");
  await logged("State changed from up to crashed: killed by SIGKILL");
  await platform.expectHost(app.host).toAnswer("fine");
  await platform.http(app.host, "/eat").catch(() => undefined);
  await logged("State changed from up to crashed: out of memory (128 MB)");
  await platform.expectHost(app.host).toAnswer("fine");
});

it("a crash loop shows H10 at the URL, and its reason in ps, envs and envs:info", async () => {
  await eventually(
    "it is taken for a crash loop",
    async () => {
      await ask("/exit").catch(() => undefined);
      const shown = await instance();
      return shown.state === "crashed" && shown.restarts >= 5 ? shown : null;
    },
    60_000,
  );
  const answer = await platform.http(app.host, "/");
  expect(answer.status).toBe(503);
  expect(answer.body).toContain("H10");
  expect((await platform.ssh("ps greedy")).stdout).toMatch(/web\.1: crashed .* exited with code 3, \d+ restarts/);
  expect((await platform.ssh("envs greedy")).stdout).toMatch(/crashed .*web\.1 exited with code 3, \d+ restarts/);
  expect((await platform.ssh("envs:info greedy")).stdout).toMatch(/State: +crashed: web\.1 exited with code 3, \d+ restarts/);
});
