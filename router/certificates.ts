/** The certificates that control handed over: by host name, made ready at the first handshake that asks for one. */
import { chown, open, readFile, rename, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import type { HostCertificate } from "../core/index.ts";
import { hostName } from "./host.ts";
import { SESSION_CONTEXT } from "./ticket-key.ts";

/** On tmpfs in the run directory: private keys do not touch the disk in clear. */
export async function writeCertificates(path: string, certificates: readonly HostCertificate[], groupId: number | null): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    if (groupId !== null) await file.chown(process.getuid?.() ?? 0, groupId);
    await file.chmod(0o640);
    await file.writeFile(JSON.stringify(certificates));
  } finally {
    await file.close();
  }
  if (groupId !== null) await chown(temporary, process.getuid?.() ?? 0, groupId);
  await rename(temporary, path);
}

export class Certificates {
  readonly #path: string;
  #byHost: ReadonlyMap<string, HostCertificate> = new Map();
  #contexts = new Map<HostCertificate, SecureContext>();
  /** Of the file that was read last: inode and time. */
  #stamp = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the file if it is another one than before; connections that are open stay as they are. */
  async load(): Promise<void> {
    const found = await stat(this.#path).catch(() => null);
    const stamp = found === null ? "" : `${found.ino} ${found.mtimeMs}`;
    if (stamp === this.#stamp) return;
    this.apply(found === null ? [] : (JSON.parse(await readFile(this.#path, "utf8")) as HostCertificate[]));
    this.#stamp = stamp;
  }

  apply(certificates: readonly HostCertificate[]): void {
    const before = new Map([...this.#contexts].map(([{ certificate, key }, context]) => [certificate + key, context]));
    this.#contexts = new Map();
    const byHost = new Map<string, HostCertificate>();
    for (const each of certificates) {
      for (const host of each.hosts) byHost.set(host, each);
      // What did not change keeps its context.
      const context = before.get(each.certificate + each.key);
      if (context !== undefined) this.#contexts.set(each, context);
    }
    this.#byHost = byHost;
  }

  /** null: there is none for this name. Throws where the certificate or its key cannot be read. */
  find(serverName: string): SecureContext | null {
    const host = hostName(serverName);
    const found = this.#byHost.get(host) ?? this.#byHost.get(`*${host.slice(host.indexOf("."))}`);
    if (found === undefined) return null;
    const known = this.#contexts.get(found);
    if (known !== undefined) return known;
    const made = createSecureContext({ cert: found.certificate, key: found.key, sessionIdContext: SESSION_CONTEXT });
    this.#contexts.set(found, made);
    return made;
  }
}
