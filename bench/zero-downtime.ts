/** Everything that changes an environment, and the death of control and Redis, while clients of every kind are connected. */
import { givenPlatform, type Platform } from "../test/support/platform.ts";
import type { WorkingCopy } from "../test/support/working-copy.ts";
import type { BenchContext, Benchmark } from "./benchmark.ts";
import { mustPush } from "./deploy.ts";
import { type BenchResult, lone } from "./result.ts";
import { givenStreams } from "./support/streams.ts";
import { streamsApp } from "./support/streams-app.ts";

/** Issue 5's mix of 100 deploys, 20 rollbacks, 20 scalings and 10 restarts. */
const DEPLOYS = Number(process.env["BENCH_DEPLOYS"] ?? 100);
const ROLLBACKS = Math.ceil(DEPLOYS / 5);
const SCALINGS = Math.ceil(DEPLOYS / 5);
const RESTARTS = Math.ceil(DEPLOYS / 10);
const CLIENTS = { keepAlive: 64, webSockets: 8, eventStreams: 8, uploads: 2, downloads: 2 };
/** Time for a push that was cut off by the death of control to be typed again. */
const PUSH_TRIES = 20;

export const zeroDowntime: Benchmark = {
  name: "zero-downtime",
  title: `${DEPLOYS} deploys, ${ROLLBACKS} rollbacks, ${SCALINGS} scalings, ${RESTARTS} restarts, control and Redis killed and the router restarted in between, under ${CLIENTS.keepAlive} kept-alive connections, ${CLIENTS.webSockets} WebSockets, ${CLIENTS.eventStreams} event streams, ${CLIENTS.uploads} slow uploads and ${CLIENTS.downloads} slow downloads.`,
  run: runZeroDowntime,
};

async function runZeroDowntime(context: BenchContext): Promise<readonly BenchResult[]> {
  const platform = await givenPlatform();
  try {
    const app = await platform.givenApp(streamsApp(), { app: "busy" });
    await mustPush(app);
    const streams = givenStreams({ port: platform.ports.http, host: app.host, ...CLIENTS });
    for (let step = 1; step <= DEPLOYS; step += 1) {
      await change(platform, app, step);
      if (step % 10 === 0) context.say(`${step} of ${DEPLOYS}`);
    }
    const report = await streams.end();
    for (const failure of report.failures.slice(0, 40)) context.say(failure);
    return [
      lone("failed requests, streams and WebSockets", report.failures.length, "failures", "<= 0"),
      lone("requests on kept-alive connections", report.requests, "requests", null),
      lone("slow uploads", report.uploads, "requests", null),
      lone("slow downloads", report.downloads, "requests", null),
      lone("event streams ended whole", report.eventStreamsEnded, "streams", null),
      lone("WebSockets closed with 1001", report.webSocketsClosed, "sockets", null),
    ];
  } finally {
    await platform.stop();
  }
}

async function change(platform: Platform, app: WorkingCopy, step: number): Promise<void> {
  app.write("version.js", `export default "${step}";\n`);
  if (step % 10 === 4) process.kill(platform.pid("control"), "SIGKILL");
  if (step % 10 === 8) process.kill(platform.pid("redis"), "SIGKILL");
  await pushUntilLive(app);
  if (step % 5 === 0) await must(platform, "rollback busy");
  if (step % 5 === 2) await must(platform, `ps:scale busy web=${step % 2 === 0 ? 2 : 1}`);
  if (step % 10 === 6) await must(platform, "ps:restart busy");
  if (step % 10 === 3) await must(platform, "router:restart");
  if (step % 10 === 9) {
    const restarted = await platform.pushboat(["restart"]);
    if (restarted.code !== 0) throw new Error(`restart failed:\n${restarted.output}`);
  }
}

/** A push that control's death cut off is typed again, as its user would. */
async function pushUntilLive(app: WorkingCopy): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const pushed = await app.push();
    if (pushed.code === 0) return;
    if (tries === PUSH_TRIES) throw new Error(`push failed:\n${pushed.output}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function must(platform: Platform, command: string): Promise<void> {
  const done = await platform.ssh(command);
  if (done.code !== 0) throw new Error(`${command} failed:\n${done.output}`);
}
