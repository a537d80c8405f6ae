/** Runs an image's web process for real and answers where it listens. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Image, WEB } from "../../../../core/index.ts";
import { createPlainSandbox } from "./plain-sandbox.ts";

export async function withServing<T>(image: Image, work: (url: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "pushboat-serving-"));
  const upper = join(scratch, "upper");
  mkdirSync(upper);
  const port = await freePort();
  const end = new AbortController();
  const lines: string[] = [];
  const web = image.processes[WEB];
  if (web === undefined) throw new Error("the image has no web process");
  const running = createPlainSandbox()
    .run({
      name: "serving",
      layers: image.layers,
      upperDirectory: upper,
      binds: [],
      argv: web.form === "shell" ? ["/bin/sh", "-c", ...web.command] : web.command,
      env: { ...image.config.env, PORT: String(port) },
      workingDirectory: image.config.workingDirectory,
      uid: image.config.uid,
      gid: image.config.gid,
      network: "none",
      memoryBytes: 0,
      pids: 0,
      cpuShares: 0,
      timeoutMs: 0,
      onLine: (line) => lines.push(line),
      signal: end.signal,
    })
    .then(() => Promise.reject(new Error(`web ended: ${lines.join("\n")}`)));
  running.catch(() => {});
  try {
    const url = `http://127.0.0.1:${port}`;
    await Promise.race([running, answering(url)]);
    return await work(url);
  } finally {
    end.abort(new Error("done"));
    await running.catch(() => {});
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function answering(url: string): Promise<void> {
  for (;;) {
    const answered = await fetch(url).then(
      (answer) => answer.arrayBuffer(),
      () => null,
    );
    if (answered !== null) return;
    await sleep(20);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
