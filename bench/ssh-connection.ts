/** One SSH connection kept open, so that a command's time is the server's and not the handshake's. */
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import type { Platform } from "../test/support/platform.ts";

export interface SshConnection {
  run(command: string): Promise<{ readonly code: number; readonly output: string; readonly durationMs: number }>;
  close(): void;
}

export async function openSsh(platform: Platform): Promise<SshConnection> {
  const client = new ssh2.Client();
  const privateKey = readFileSync(platform.client.publicKeyFile.replace(/\.pub$/, ""));
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", reject);
    client.connect({ host: "127.0.0.1", port: platform.ports.ssh, username: "pushboat", privateKey });
  });
  client.setNoDelay(true);
  return { run: (command) => exec(client, command), close: () => client.end() };
}

function exec(client: ssh2.Client, command: string): Promise<{ code: number; output: string; durationMs: number }> {
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let output = "";
      let code = -1;
      channel.on("data", (chunk: Buffer) => (output += chunk));
      channel.stderr.on("data", (chunk: Buffer) => (output += chunk));
      channel.on("exit", (exitCode: number) => (code = exitCode));
      channel.on("close", () => resolve({ code, output, durationMs: performance.now() - startMs }));
      channel.end();
    });
  });
}
