/** Debian's pebble: Let's Encrypt's server for tests; it finds every name at 127.0.0.1, as pebble-challtestsrv says. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { issueCertificate, makeAuthority } from "../../control/tls/local-authority.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-ports.ts";

export interface PebbleOptions {
  /** Where it looks for answers to HTTP-01 and TLS-ALPN-01. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** PEBBLE_WFE_NONCEREJECT (percent), PEBBLE_VA_ALWAYS_VALID, ... */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Pebble {
  readonly directoryUrl: string;
  /** Of its HTTPS: NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  readonly ca: string;
  /** `POST /set-txt`, `/clear-txt` of pebble-challtestsrv: {host, value}. */
  readonly dnsManagementUrl: string;
  /** It answers nobody until `start`; what it knew is forgotten. */
  halt(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function givenPebble({ httpPort, tlsPort, env = {} }: PebbleOptions): Promise<Pebble> {
  const directory = mkdtempSync(join(tmpdir(), "pebble-"));
  const [acme, management, dns, dnsManagement] = (await freePorts(4)) as [number, number, number, number];
  const authority = makeAuthority("pebble's own", Date.now());
  const pair = issueCertificate(authority, "localhost", Date.now());
  const config = {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(directory, "cert.pem"),
    privateKey: join(directory, "key.pem"),
    httpPort,
    tlsPort,
  };
  const files = {
    "ca.pem": authority.certificate,
    "cert.pem": pair.certificate,
    "key.pem": pair.key,
    "pebble.json": JSON.stringify({ pebble: config }),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);

  const names = spawn("pebble-challtestsrv", nameServerArgv(dns, dnsManagement), { stdio: "ignore" });
  let server: ChildProcess | null = null;
  const pebble: Pebble = {
    directoryUrl: `https://localhost:${acme}/dir`,
    caFile: join(directory, "ca.pem"),
    ca: authority.certificate,
    dnsManagementUrl: `http://127.0.0.1:${dnsManagement}`,
    async start() {
      server = spawn("pebble", ["-config", join(directory, "pebble.json"), "-dnsserver", `127.0.0.1:${dns}`], {
        stdio: "ignore",
        env: { ...process.env, PEBBLE_VA_NOSLEEP: "1", ...env },
      });
      await eventually("pebble listens", async () => {
        const socket = connect({ port: acme, host: "127.0.0.1", ca: authority.certificate, servername: "localhost" });
        await once(socket, "secureConnect");
        socket.destroy();
        return true;
      });
    },
    async halt() {
      if (server === null) return;
      const ended = once(server, "exit");
      server.kill();
      server = null;
      await ended;
    },
    async stop() {
      await pebble.halt();
      names.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await pebble.start();
  return pebble;
}

/** Only DNS: the answers to challenges are ours. Newer ones have one more that is on by default. */
function nameServerArgv(dns: number, management: number): readonly string[] {
  const help = execFileSync("sh", ["-c", "pebble-challtestsrv -help 2>&1 || true"], { encoding: "utf8" });
  const off = ["-http01", "-https01", "-tlsalpn01", "-doh"].filter((flag) => help.includes(`  ${flag} `));
  const on = ["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${management}`, "-defaultIPv6", ""];
  return [...on, ...off.flatMap((flag) => [flag, ""])];
}
