import { expect, test } from "vitest";
import { renderError } from "../../../core/index.ts";
import { engineError, type StartFailure, startError, stoppedError } from "../../../runtime/start-failure.ts";

const MB = 1024 * 1024;
const exited = (exitCode: number, outOfMemory = false): StartFailure => ({
  kind: "exited",
  exit: { exitCode, outOfMemory, unknown: false },
  afterMs: 412,
  pressure: null,
  memoryLimitBytes: 512 * MB,
});

const FAILURES: readonly StartFailure[] = [
  exited(1),
  exited(0),
  exited(127),
  exited(126),
  exited(137, true),
  { kind: "loopback-only", socket: { ip: "127.0.0.1", port: 5000 } },
  { kind: "other-port", sockets: [{ ip: "::", port: 3000 }], timeoutMs: 60_000 },
  { kind: "not-listening", timeoutMs: 60_000 },
  { kind: "unreachable", socket: { ip: "0.0.0.0", port: 5000 }, lastError: "ECONNRESET", timeoutMs: 60_000 },
  { kind: "health-check", check: "GET /health", lastAnswer: "answers 500", timeoutMs: 60_000 },
];

test("Each failed start says what was seen and what to do", () => {
  const errors = [
    ...FAILURES.map((failure) => startError("web.1", failure)),
    engineError("web.1", new Error("no space left")),
    stoppedError("web.1"),
  ];
  expect(errors.flatMap(renderError).join("\n")).toMatchInlineSnapshot(`
    " !     web.1 exited with code 1, 412 ms after its start  [start/exited]
     !     Its last output is above.
     !     web.1 exited with code 0, 412 ms after its start  [start/exited]
     !     A process of the Procfile must go on running: what does its work and ends is a release command or a one-off.
     !     web.1 exited with code 127, 412 ms after its start  [start/exited]
     !     The command was not found: is it in the Procfile as you would type it in the app's directory, and is its package a dependency (not only a dev dependency)?
     !     web.1 exited with code 126, 412 ms after its start  [start/exited]
     !     The command is not executable: set its mode in git (git update-index --chmod=+x FILE).
     !     web.1 ran out of memory (512 MB), 412 ms after its start  [start/out-of-memory]
     !     Its limit is 512 MB: let the app use less while it boots, or give it more.
     !     web.1 listens on 127.0.0.1:5000; it must listen on 0.0.0.0:$PORT  [start/not-listening]
     !     Listen on 0.0.0.0 and on the port in the environment variable PORT: app.listen(process.env.PORT, "0.0.0.0")
     !     web.1 listens on [::]:3000 and not on $PORT (5000) after 1 min 0 s  [start/not-listening]
     !     Listen on 0.0.0.0 and on the port in the environment variable PORT: app.listen(process.env.PORT, "0.0.0.0")
     !     web.1 does not listen on 0.0.0.0:$PORT (5000) after 1 min 0 s  [start/not-listening]
     !     Listen on 0.0.0.0 and on the port in the environment variable PORT: app.listen(process.env.PORT, "0.0.0.0")
     !     web.1 listens on 0.0.0.0:5000 but accepts no connection after 1 min 0 s (ECONNRESET)  [start/unreachable]
     !     Does it accept connections while it boots, and on IPv4? Run \`pushboat doctor\` on the server if other apps fail too.
     !     web.1 is not healthy after 1 min 0 s: GET /health answers 500  [start/health-check]
     !     The startup check must succeed while the app is well (a path: 2xx or 3xx). It is set in app.json (healthchecks) or pushboat.yml (processes).
     !     web.1 could not be started: no space left  [start/engine]
     !     web.1 was stopped while it started  [start/stopped]"
  `);
});
