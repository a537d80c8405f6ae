/** The server's ed25519 host key: made once, kept in the data directory. */
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ssh2 } from "../fenced/ssh2.ts";

/** The private key in OpenSSH's format. */
export async function ensureHostKey(dataDirectory: string): Promise<string> {
  const directory = join(dataDirectory, "ssh");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const file = join(directory, "host_ed25519");
  const kept = await readFile(file, "utf8").catch(() => null);
  if (kept !== null) return kept;
  const pair = generate();
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, pair.private, { mode: 0o600, flag: "wx", flush: true });
  try {
    // link, not rename: whoever is first wins, and a key that clients know is never replaced.
    await link(fresh, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(fresh, { force: true });
  }
  await writeFile(`${file}.pub`, `${pair.public}\n`, { mode: 0o644 });
  return readFile(file, "utf8");
}

/** About one ed25519 key in 300 that ssh2 1.17 makes cannot be read, not even by itself: made again until it can. */
function generate(): { readonly private: string; readonly public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync("ed25519", { comment: "pushboat" });
    const [secret, open] = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
    if (secret instanceof Error || open instanceof Error) continue;
    if (open.verify(PROBE, secret.sign(PROBE)) === true) return pair;
  }
}

const PROBE = Buffer.from("probe");
