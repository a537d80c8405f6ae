/** Constant load on a host while a test does something else. */
import { type ChildProcess, fork } from "node:child_process";
import { setPriority } from "node:os";
import { join } from "node:path";
import type { LoadReport, LoadRequest } from "./load-client.ts";

export type { LoadReport } from "./load-client.ts";

export interface ConstantLoad {
  /** Ends the load, waits for what is in flight. */
  end(): Promise<LoadReport>;
}

const CLIENT_PRIORITY = -15;

export function givenLoad(load: LoadRequest): ConstantLoad {
  const client: ChildProcess = fork(join(import.meta.dirname, "load-client.ts"), [JSON.stringify(load)], {
    execPath: process.execPath,
    execArgv: [],
  });
  // What is measured is how long an answer takes, not how long the client waits behind the test's own git, ssh children.
  if (client.pid !== undefined) setPriority(client.pid, CLIENT_PRIORITY);
  return {
    end: () =>
      new Promise((resolve, reject) => {
        client.on("message", (report) => resolve(report as LoadReport));
        client.on("error", reject);
        client.on("exit", (code) => reject(new Error(`the load client ended with ${code}`)));
        client.send("end");
      }),
  };
}

/** Load for a while: the quiet time that a noisy one is compared with. */
export async function loadFor(load: LoadRequest, durationMs: number): Promise<LoadReport> {
  const running = givenLoad(load);
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  return running.end();
}
