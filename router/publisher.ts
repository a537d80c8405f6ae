/** Control's side of the router: writes the snapshot, announces it, waits for the router's word. */
import { chown, mkdir } from "node:fs/promises";
import type { Logger } from "pino";
import {
  type HostCertificate,
  PushboatError,
  type RouterControl,
  type RouterReport,
  type RouteTable,
  type Settings,
} from "../core/index.ts";
import { writeCertificates } from "./certificates.ts";
import { writePages } from "./own-pages.ts";
import { replaceRouter } from "./replacement.ts";
import { RouterLink } from "./router-link.ts";
import { writeSnapshot } from "./snapshot.ts";
import { keepTicketKey } from "./ticket-key.ts";

export interface RouterControlOptions {
  readonly settings: Pick<Settings, "runDirectory">;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Who may read the snapshot; null: we are not root and everything is ours. */
  readonly routerUser: { readonly uid: number; readonly gid: number } | null;
  /** How long a router that is there may take to acknowledge. */
  readonly acknowledgeTimeoutMs?: number;
  /** How long a new router may take to come up (`router:restart`). */
  readonly startTimeoutMs?: number;
}

const ACKNOWLEDGE_TIMEOUT_MS = 10_000;

export function createRouterControl(options: RouterControlOptions): RouterControl {
  const { runDirectory } = options.settings;
  const directory = `${runDirectory}/routes`;
  const gid = options.routerUser?.gid ?? null;
  const link = new RouterLink(`${runDirectory}/router/router.sock`, options.log);
  const acknowledgeTimeoutMs = options.acknowledgeTimeoutMs ?? ACKNOWLEDGE_TIMEOUT_MS;
  const startTimeout = options.startTimeoutMs === undefined ? {} : { startTimeoutMs: options.startTimeoutMs };
  let written = Number.NEGATIVE_INFINITY;
  let restarting: Promise<RouterReport> | null = null;
  let writing: Promise<void> = Promise.resolve();

  const makeDirectory = async () => {
    // Two steps: `recursive` would give the parents the same mode, and the router could not pass.
    await mkdir(runDirectory, { recursive: true, mode: 0o711 });
    await mkdir(directory, { recursive: true, mode: 0o750 });
    if (gid !== null) await chown(directory, process.getuid?.() ?? 0, gid);
  };
  const write = async (table: RouteTable) => {
    // A later table is in place already; going back would undo it.
    if (table.version < written) return;
    await makeDirectory();
    await keepTicketKey(`${directory}/ticket-key`, gid, Date.now());
    await writeSnapshot(`${directory}/routes.json`, table, gid);
    written = table.version;
  };

  const writeSecrets = async (certificates: readonly HostCertificate[]) => {
    await makeDirectory();
    await writeCertificates(`${directory}/certificates.json`, certificates, gid);
  };
  /** One write after the other: a table never overtakes its certificates. */
  const inTurn = (effect: () => Promise<void>): Promise<void> => {
    const turn = writing.catch(() => {}).then(effect);
    writing = turn;
    return turn;
  };

  return {
    setCertificates: (certificates) => inTurn(() => writeSecrets(certificates)),
    setPages: (pages) =>
      inTurn(async () => {
        await makeDirectory();
        await writePages(`${directory}/pages`, pages, gid);
      }),
    async publish(table) {
      await inTurn(() => write(table));
      const outcome = await link.announce(table.version, acknowledgeTimeoutMs);
      if (outcome.kind === "refused") throw notTaken(table.version, outcome.reason);
      if (outcome.kind === "down") options.log.warn({ version: table.version }, "no router is running: it reads the routes when it starts");
    },
    drained: (addresses, timeoutMs) => link.drained(addresses, timeoutMs),
    onWake: (listener) => link.onWake(listener),
    onCertificateWanted: (listener) => link.onCertificateWanted(listener),
    certificateUnavailable: (host) => link.certificateUnavailable(host),
    idleTimes: () => link.idleTimes(),
    version: () => link.version(),
    report: () => link.report(),
    restart() {
      restarting ??= replaceRouter({ runDirectory, report: () => link.report(), ...startTimeout }).finally(() => {
        restarting = null;
      });
      return restarting;
    },
    close: () => link.close(),
  };
}

function notTaken(version: number, reason: string): PushboatError {
  return new PushboatError({
    code: "router/not-acknowledged",
    message: `the router did not take over the routes of version ${version}: ${reason}`,
    hint: "The old routes serve on. Try again; `pushboat restart` restarts the router.",
    kind: "transient",
  });
}
