/**
 * Waits until all three doors of the platform really answer: the local socket, SSH with its banner, HTTP through the router. Exit 0 then.
 * A program of its own, since `up` asks while control is starting and has no use for the rest of the house.
 */
import { request } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseSettings, type Settings } from "../core/settings.ts";

const ASK_EVERY_MS = 30;
/** For one connection; then the next try. */
const ANSWER_WITHIN_MS = 2_000;

interface Door {
  readonly name: string;
  readonly answers: () => Promise<boolean>;
}

const settings = parseSettings(process.env);
const endMs = performance.now() + settings.startTimeoutMs;
const silent = (await Promise.all(doorsOf(settings).map(waitFor))).filter((name) => name !== null);
for (const name of silent) process.stderr.write(` !     ${name} does not answer after ${settings.startTimeoutMs / 1000} s\n`);
process.exitCode = silent.length === 0 ? 0 : 1;

function doorsOf({ bind, runDirectory, sshPort, httpPort, domain }: Settings): readonly Door[] {
  const host = bind === "0.0.0.0" ? "127.0.0.1" : bind === "::" ? "::1" : bind;
  return [
    { name: "the local socket", answers: () => connects({ path: `${runDirectory}/admin/admin.sock` }, "") },
    { name: `SSH on port ${sshPort}`, answers: () => connects({ host, port: sshPort }, "SSH-2.0") },
    { name: `HTTP on port ${httpPort}`, answers: () => answersHttp({ host, port: httpPort, domain }) },
  ];
}

/** null when it answered, else its name. */
async function waitFor(door: Door): Promise<string | null> {
  while (!(await door.answers())) {
    if (performance.now() > endMs) return door.name;
    await sleep(ASK_EVERY_MS);
  }
  return null;
}

function connects(target: { path: string } | { host: string; port: number }, banner: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("error", () => end(false));
    socket.on("close", () => resolve(false));
    socket.setTimeout(ANSWER_WITHIN_MS, () => end(false));
    if (banner === "") socket.on("connect", () => end(true));
    else socket.once("data", (data) => end(data.toString("latin1").startsWith(banner)));
  });
}

/** The page at the platform's own name. */
function answersHttp({ host, port, domain }: { host: string; port: number; domain: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path: "/", headers: { host: domain }, timeout: ANSWER_WITHIN_MS, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
    asked.on("timeout", () => asked.destroy());
    asked.end();
  });
}
