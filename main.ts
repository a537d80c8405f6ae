/** Composition root: settings, make every module, wire, listen, stop on signal. Started by the launcher (`./pushboat`). */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type Logger, pino } from "pino";
import { createBuilder } from "./builder/index.ts";
import { createCommands } from "./cli/index.ts";
import { capSandbox, createControl, tryMigrations } from "./control/index.ts";
import { asPushboatError, parseSettings, renderError, renderEvent, type Settings } from "./core/index.ts";
import { createReceiver, createRepositories } from "./receiver/index.ts";
import { createRouterControl } from "./router/index.ts";
import { createRuntime } from "./runtime/index.ts";
import { findUnixUser } from "./unix-user.ts";

const modes: Readonly<Record<string, (settings: Settings, log: Logger) => Promise<void>>> = {
  control,
  prepare,
  teardown,
  "try-state": tryState,
};

/** Runs until it is told to stop; instances and routers live on without it. */
async function control(settings: Settings, log: Logger): Promise<void> {
  const [gitUser, routerUser] = [findUnixUser("pushboat-git"), findUnixUser("pushboat-router")];
  await mkdir(settings.dataDirectory, { recursive: true, mode: 0o711 });
  const { runtime, sandbox } = createRuntime({ settings, log });
  const builder = createBuilder({ settings, log, gitUser, sandbox: capSandbox(sandbox, settings.buildConcurrency) });
  const repositories = createRepositories({ settings, gitUser });
  const router = createRouterControl({ settings, log, routerUser });
  const module = createControl({
    settings,
    log,
    runtime,
    builder,
    router,
    repositories,
    now: Date.now,
    version: version(),
    adminKeys: adminKeys(),
  });
  const commands = createCommands({ control: module.control, settings });
  const receiver = createReceiver({
    settings,
    log,
    gitUser,
    routerGroup: routerUser.gid,
    repositories,
    credentials: module.credentials,
    pushes: module.pushes,
    commands,
  });
  const stop = async (): Promise<void> => {
    await receiver.close();
    await module.close();
    await router.close();
    await runtime.close();
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
  await module.start();
  await receiver.listen();
  log.info({ domain: settings.domain, http: settings.httpPort, ssh: settings.sshPort }, "Pushboat is up");
}

/** Makes what takes long once for each machine, with progress for the terminal of `up`. */
async function prepare(settings: Settings, log: Logger): Promise<void> {
  await mkdir(settings.dataDirectory, { recursive: true, mode: 0o711 });
  const { runtime, sandbox } = createRuntime({ settings, log });
  const builder = createBuilder({ settings, log, gitUser: findUnixUser("pushboat-git"), sandbox });
  await builder.prepare((event) => {
    for (const line of renderEvent(event)) process.stdout.write(`${line}\n`);
  });
  await runtime.close();
}

/** Stops every app and removes every kernel object of this platform; state is kept. Control must not run. */
async function teardown(settings: Settings, log: Logger): Promise<void> {
  const { runtime } = createRuntime({ settings, log });
  await runtime.adopt();
  await runtime.teardown();
  await runtime.close();
}

/** For `upgrade`: whether this version can work on a state, tried on a copy that is thrown away. */
async function tryState(): Promise<void> {
  const { from, to } = tryMigrations(process.argv[3] ?? "");
  process.stdout.write(`       schema ${from}${from === to ? ", as this version has it" : ` -> ${to}`}\n`);
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

function adminKeys(): string {
  const file = process.env["PUSHBOAT_ADMIN_KEYS_FILE"];
  return file === undefined || file === "" ? "" : readFileSync(file, "utf8");
}

// What one request left unhandled ends neither the requests beside it nor the deployments that run.
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection: control goes on"));
const mode = modes[process.argv[2] ?? ""];
const logFile = pino.destination({ fd: 2, sync: true });
logFile.on("error", () => undefined); // a full disk: the line is lost, and control goes on
const log = pino({ level: process.env["PUSHBOAT_LOG_LEVEL"] ?? "info" }, logFile);
try {
  if (mode === undefined)
    throw new Error("usage: node main.ts control|prepare|teardown|try-state FILE (the launcher does this: ./pushboat up)");
  await mode(parseSettings(process.env), log);
} catch (thrown) {
  for (const line of renderError(asPushboatError(thrown))) process.stderr.write(`${line}\n`);
  if (!(thrown instanceof Error && "code" in thrown)) log.error({ err: thrown }, "failed");
  // Not by itself: what was opened before it failed (the queue, timers) would keep it there, and nobody would start another one.
  process.exit(1);
}
