/** The router's own process, as the launcher starts it, with a table of our making. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { parseSettings, type Route, type RouterControl } from "../../core/index.ts";
import { createRouterControl } from "../../router/index.ts";
import { findUnixUser } from "../../unix-user.ts";
import { untilListens } from "./nginx.ts";

export interface RouterProcess {
  readonly port: number;
  readonly pid: number;
  readonly control: RouterControl;
  rssMegabytes(): number;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../../router/main.ts");
const FLAGS = ["--optimize-for-size", "--max-semi-space-size=2"];

export async function startRouter(directory: string, port: number, httpsPort: number): Promise<RouterProcess> {
  const env = {
    ...process.env,
    PUSHBOAT_DATA: directory,
    PUSHBOAT_HTTP_PORT: String(port),
    PUSHBOAT_HTTPS_PORT: String(httpsPort),
    NODE_COMPILE_CACHE: join(directory, "compile-cache"),
  };
  const settings = parseSettings(env);
  const control = createRouterControl({ settings, log: pino({ enabled: false }), routerUser: findUnixUser("pushboat-router") });
  const spawnRouter = () =>
    spawn(process.execPath, [...FLAGS, ...(process.env["BENCH_ROUTER_FLAGS"]?.split(" ") ?? []), MAIN], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
  // The first start fills the compile cache, as an earlier `up` would have.
  const first = spawnRouter();
  await untilListens(port);
  first.kill("SIGTERM");
  await once(first, "exit");
  const child = spawnRouter();
  await untilListens(port);
  return {
    port,
    pid: child.pid ?? 0,
    control,
    rssMegabytes: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    async stop() {
      await control.close();
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      rmSync(settings.runDirectory, { recursive: true, force: true });
    },
  };
}

export function benchRoute(name: string, address: string): Route {
  return {
    environment: name as Route["environment"],
    hosts: [`${name}.localhost` as Route["hosts"][number]],
    condition: "up",
    targets: [{ instance: "web.1", address }],
    holdMs: 0,
  };
}
