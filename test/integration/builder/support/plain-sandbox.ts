/** A real but plain sandbox for the builder's tests: overlay + chroot in namespaces of its own. No limits; the engine's has them. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Layer, Sandbox, SandboxSpec } from "../../../../core/index.ts";

const SCRIPT = `set -e
mount -t overlay overlay -o "$OPTIONS" "$ROOT"
mount -t tmpfs tmpfs "$ROOT/tmp"
chmod 1777 "$ROOT/tmp"
mount -t tmpfs tmpfs "$ROOT/dev"
for device in null zero urandom; do touch "$ROOT/dev/$device"; mount --bind "/dev/$device" "$ROOT/dev/$device"; done
ln -s /proc/self/fd/1 "$ROOT/dev/stdout"
ln -s /proc/self/fd "$ROOT/dev/fd"
mount -t proc proc "$ROOT/proc"
if [ "$CA" = 1 ]; then
  mount --bind /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/ca-certificates.crt"
  mount --bind /etc/resolv.conf "$ROOT/etc/resolv.conf"
fi
while [ "$1" != -- ]; do mkdir -p "$ROOT$2"; mount --bind "$1" "$ROOT$2"; shift 2; done
shift
exec chroot --userspec="$OWNER" "$ROOT" /usr/bin/env -i "$@"`;

export function createPlainSandbox(): Sandbox {
  return {
    async run(spec) {
      const scratch = mkdtempSync(join(tmpdir(), "plain-sandbox-"));
      const [root, work] = [join(scratch, "root"), `${spec.upperDirectory}.work`];
      mkdirSync(root);
      mkdirSync(work);
      try {
        return await runInside(spec, root, overlayOptions(spec.layers, spec.upperDirectory, work));
      } finally {
        rmSync(work, { recursive: true, force: true });
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

export function overlayOptions(layers: readonly Layer[], upper: string, work: string): string {
  const lowers = layers.flatMap(({ directories }) => directories).reverse();
  return `lowerdir=${lowers.join(":")},upperdir=${upper},workdir=${work},redirect_dir=off,index=off,metacopy=off`;
}

function runInside(
  spec: SandboxSpec,
  root: string,
  options: string,
): Promise<{ exitCode: number; outOfMemory: boolean; timedOut: boolean }> {
  const binds = spec.binds.flatMap(({ source, target }) => [source, target]);
  const env = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
  // A pipe that belongs to the user inside, as runc makes it: /dev/stdout can be opened.
  const command = ["bash", "-o", "pipefail", "-c", 'cd "$0" && "$@" 2>&1 | cat', spec.workingDirectory, ...spec.argv];
  const child = spawn(
    "unshare",
    ["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "sh", ...binds, "--", ...env, ...command],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env["PATH"] ?? "",
        ROOT: root,
        OPTIONS: options,
        OWNER: `${spec.uid}:${spec.gid}`,
        CA: spec.network === "registry" ? "1" : "0",
      },
      signal: spec.signal,
      killSignal: "SIGKILL",
    },
  );
  createInterface({ input: child.stdout }).on("line", spec.onLine);
  createInterface({ input: child.stderr }).on("line", spec.onLine);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(spec.signal.aborted ? spec.signal.reason : error));
    child.on("close", (code) => {
      if (spec.signal.aborted) reject(spec.signal.reason);
      else resolve({ exitCode: code ?? 137, outOfMemory: false, timedOut: false });
    });
  });
}
