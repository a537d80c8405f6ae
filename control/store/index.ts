/** The truth: one SQLite file, one store for each noun. */
import { join } from "node:path";
import { createAccessStore } from "./access.ts";
import { createAcmeStore } from "./acme.ts";
import { createAppStore } from "./apps.ts";
import { createCertificateStore } from "./certificates.ts";
import { openDatabase } from "./database.ts";
import { createDeploymentStore } from "./deployments.ts";
import { createDrainStore } from "./drains.ts";
import { createHookStore } from "./hooks.ts";
import { createLinkStore } from "./links.ts";
import { createRegistryStore } from "./registries.ts";
import { createReleaseStore } from "./releases.ts";
import { createResourceStore } from "./resources.ts";
import { statements } from "./rows.ts";
import { createRunStore } from "./runs.ts";
import { openSeal } from "./seal.ts";

export type { EnvironmentRecord } from "./apps.ts";
export type { DeploymentRecord, Payload } from "./deployments.ts";
export type { ReleaseRecord } from "./releases.ts";
export type { RunRecord } from "./runs.ts";

export type Store = ReturnType<typeof openStore>;

export function openStore(dataDirectory: string) {
  const database = openDatabase(join(dataDirectory, "state.db"));
  const seal = openSeal(join(dataDirectory, "key"));
  const sql = statements(database.sql);
  const apps = createAppStore(database, sql, seal);
  const resources = createResourceStore(sql);
  return {
    apps,
    releases: createReleaseStore(database, sql, seal, apps, resources),
    deployments: createDeploymentStore(database, sql, seal),
    access: createAccessStore(sql),
    resources,
    certificates: createCertificateStore(sql, seal),
    acme: createAcmeStore(sql, seal),
    hooks: createHookStore(sql, seal),
    drains: createDrainStore(sql, seal),
    registries: createRegistryStore(sql, seal),
    derivedKey: seal.derive,
    links: createLinkStore(sql),
    runs: createRunStore(database, sql),
    problems: database.problems,
    transaction: database.transaction,
    close: database.close,
  };
}
