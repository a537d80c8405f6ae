/** The router and its peers before one app: nginx (1 worker), haproxy (1 thread), and the app itself as the ceiling. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostName } from "../../core/index.ts";
import { freePorts } from "../../test/support/free-ports.ts";
import { startHaproxy } from "./haproxy.ts";
import { type Pair, startProxy, startUpstream } from "./nginx.ts";
import { benchRoute, type RouterProcess, startRouter } from "./router-process.ts";
import { requireTools } from "./tools.ts";

export type SideName = "router" | "nginx" | "haproxy" | "direct";

export interface Side {
  readonly name: SideName;
  readonly port: number;
  /** null: it has none. */
  readonly tlsPort: number | null;
  readonly pid: number;
}

export interface Sides {
  readonly router: RouterProcess;
  /** In the order in which they are measured. */
  readonly all: readonly Side[];
  readonly upstreamAddress: string;
  stop(): Promise<void>;
}

/** Of the certificate that all show; wrk sends no other name than its URL's. */
export const TLS_HOST = "localhost";
export const HOST = "app-7.localhost";

/** `upstreamPort`: of an app that runs already; else nginx's small answers. The router knows `apps` hosts, all of that app. */
export async function startSides(directory: string, { apps, upstreamPort }: { apps: number; upstreamPort?: number }): Promise<Sides> {
  requireTools(["nginx", "haproxy", "wrk", "openssl"]);
  const [appPort = 0, nginxPort = 0, nginxTls = 0, haproxyPort = 0, haproxyTls = 0, routerPort = 0, routerTls = 0] = await freePorts(7);
  const pair = selfSigned(directory);
  const upstream = upstreamPort === undefined ? await startUpstream(directory, appPort) : null;
  const behind = upstreamPort ?? appPort;
  const nginx = await startProxy(directory, { port: nginxPort, tlsPort: nginxTls, upstreamPort: behind }, pair);
  const haproxy = await startHaproxy(directory, { port: haproxyPort, tlsPort: haproxyTls, upstreamPort: behind }, pair);
  const router = await startRouter(directory, routerPort, routerTls);
  await router.control.setCertificates([{ hosts: [TLS_HOST as HostName], ...pair }]);
  const upstreamAddress = `127.0.0.1:${behind}`;
  await router.control.publish({ version: 1, routes: Array.from({ length: apps }, (_, i) => benchRoute(`app-${i}`, upstreamAddress)) });
  const all: Side[] = [
    { name: "nginx", port: nginxPort, tlsPort: nginxTls, pid: nginx.workerPid() },
    { name: "router", port: routerPort, tlsPort: routerTls, pid: router.pid },
    { name: "haproxy", port: haproxyPort, tlsPort: haproxyTls, pid: haproxy.workerPid() },
  ];
  if (upstream !== null) all.push({ name: "direct", port: appPort, tlsPort: null, pid: upstream.workerPid() });
  return {
    router,
    all,
    upstreamAddress,
    async stop() {
      await router.stop();
      await haproxy.stop();
      await nginx.stop();
      await upstream?.stop();
    },
  };
}

function selfSigned(directory: string): Pair {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const argv = [
    "req",
    "-x509",
    ...algorithm,
    "-keyout",
    key,
    "-out",
    certificate,
    "-subj",
    `/CN=${TLS_HOST}`,
    "-addext",
    `subjectAltName=DNS:${TLS_HOST}`,
  ];
  execFileSync("openssl", argv, { stdio: "ignore" });
  return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}
