/** The app on the host without any container: its own boot is what nobody can take away. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";

export interface BareApp {
  readonly ip: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** directory: with node_modules. */
export async function startBareApp(directory: string): Promise<BareApp> {
  const port = await freePort();
  const child = spawn(process.execPath, ["server.js"], {
    cwd: directory,
    env: { PATH: process.env["PATH"], PORT: String(port) },
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    ip: "127.0.0.1",
    port,
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
