import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../../../control/store/index.ts";
import { type AppName, type BranchName, type CommitId, EMPTY_MANIFEST, type EnvironmentName, type HostName } from "../../../core/index.ts";

const blog = "blog" as AppName;
const production = "blog" as EnvironmentName;
let directory: string;
let store: Store;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "store-"));
  store = openStore(directory);
  store.apps.createApp(blog, 1);
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

const push = (oldCommit: string | null, commit: string) =>
  store.deployments.create({
    app: blog,
    environment: production,
    branch: "main" as BranchName,
    kind: "push",
    commit: commit as CommitId,
    oldCommit: oldCommit as CommitId | null,
    payload: {},
    description: `Deploy ${commit}`,
    by: "alice",
    createdMs: 2,
  });
const pending = (config: Record<string, string>, deployment: number) =>
  store.releases.createPending({
    environment: production,
    description: "d",
    commit: null,
    imageDigest: `sha256:${deployment}`,
    config,
    own: config,
    manifest: EMPTY_MANIFEST,
    deployment,
    by: "alice",
    createdMs: 3,
  });
const commitRelease = (release: number, deployment: ReturnType<typeof push>, config: Record<string, string>) =>
  store.releases.commit({
    deployment,
    environment: production,
    release,
    revision: `${release}`,
    own: config,
    generated: {},
    formation: { web: 2 },
    sizes: { web: 1024 ** 3 },
    mounts: {},
    stops: [],
  });

test("the commit point changes release, config, formation, deployment and route version together", () => {
  const deployment = push(null, "a");
  for (const state of ["building", "built", "releasing"] as const)
    store.deployments.move(deployment.id, state, { nowMs: 4, imageDigest: "sha256:1" });
  const before = store.releases.routeVersion();
  commitRelease(pending({ A: "1" }, deployment.id), deployment, { A: "1" });
  expect(store.apps.environment(production)).toMatchObject({ currentRelease: 1, revision: "1" });
  expect(store.apps.config(production)).toEqual({ A: "1" });
  expect(store.releases.formation(production)).toEqual({ web: 2 });
  expect(store.releases.sizes(production)).toEqual({ web: 1024 ** 3 });
  expect(store.deployments.get(deployment.id)).toMatchObject({ state: "committed", release: 1 });
  expect(store.releases.routeVersion()).toBe(before + 1);
});

test("a deployment that was declared failed meanwhile is not committed any more, and nothing changes", () => {
  const deployment = push(null, "a");
  const release = pending({ A: "1" }, deployment.id);
  store.deployments.move(deployment.id, "failed", { nowMs: 4, reason: "restarted" });
  expect(() => commitRelease(release, deployment, { A: "1" })).toThrow("has ended");
  expect(store.apps.environment(production)?.currentRelease).toBe(null);
  expect(store.deployments.get(deployment.id)?.state).toBe("failed");
});

test("a failing commit leaves everything as it was", () => {
  const first = push(null, "a");
  commitRelease(pending({ A: "1" }, first.id), first, { A: "1" });
  const second = push("a", "b");
  const release = pending({ A: "2" }, second.id);
  expect(() =>
    store.transaction(() => {
      commitRelease(release, second, { A: "2" });
      throw new Error("killed");
    }),
  ).toThrow("killed");
  expect(store.apps.environment(production)?.currentRelease).toBe(1);
  expect(store.apps.config(production)).toEqual({ A: "1" });
  expect(store.releases.release(production, 1)?.state).toBe("current");
  expect(store.deployments.get(second.id)?.state).toBe("queued");
});

test("release numbers are never reused, also after a failed one", () => {
  const numbers = [1, 2, 3].map((id) => pending({}, id));
  store.releases.markFailed(production, 2);
  expect(numbers).toEqual([1, 2, 3]);
  expect(pending({}, 4)).toBe(4);
});

test("config is not readable in the database file and cannot be moved to another environment", async () => {
  store.apps.setConfig(production, { SECRET: "correct-horse-battery" });
  store.close();
  const { readFileSync, readdirSync } = await import("node:fs");
  const bytes = readdirSync(directory).map((name) => readFileSync(join(directory, name), "latin1"));
  expect(bytes.join("")).not.toContain("correct-horse");
  expect(bytes.join("")).not.toContain("SECRET");
  store = openStore(directory);
  expect(store.apps.config(production)).toEqual({ SECRET: "correct-horse-battery" });
});

test("a second process on the same data directory is refused", () => {
  expect(() => openStore(directory)).toThrow(/in use by another process/);
});

test("labels and domains are unique together", () => {
  store.apps.addDomain(production, "www.example.com" as HostName, 1);
  expect(store.apps.hostOwner("www.example.com")).toBe(production);
  expect(() => store.apps.addDomain(production, "www.example.com" as HostName, 1)).toThrow(/UNIQUE/);
});

test("slots of destroyed environments are used again, those of living ones never", () => {
  const first = store.apps.createEnvironment(blog, "a" as BranchName, 1);
  const second = store.apps.createEnvironment(blog, "b" as BranchName, 1);
  const slot = store.apps.environment(first)?.slot;
  store.apps.deleteEnvironment(first);
  const third = store.apps.createEnvironment(blog, "c" as BranchName, 1);
  expect(store.apps.environment(third)?.slot).toBe(slot);
  expect(new Set([production, second, third].map((name) => store.apps.environment(name)?.slot)).size).toBe(3);
});

test("releases are taken in the order in which they became ready; a push counts from when it was built", () => {
  const slow = push(null, "a");
  store.deployments.move(slow.id, "building", { nowMs: 3 });
  const config = store.deployments.create({
    app: blog,
    environment: production,
    branch: null,
    kind: "config",
    commit: null,
    oldCommit: null,
    payload: {},
    description: "c",
    by: "a",
    createdMs: 5,
  });
  store.deployments.move(slow.id, "built", { nowMs: 9, imageDigest: "sha256:1" });
  expect(store.deployments.nextRelease(production)?.id).toBe(config.id);
  store.deployments.move(config.id, "failed", { nowMs: 10 });
  expect(store.deployments.nextRelease(production)?.id).toBe(slow.id);
});

test("a deployment only moves along its table of transitions", () => {
  const deployment = push(null, "a");
  expect(store.deployments.move(deployment.id, "live", { nowMs: 1 })).toBe(false);
  expect(store.deployments.move(deployment.id, "cancelled", { nowMs: 1 })).toBe(true);
  expect(store.deployments.move(deployment.id, "building", { nowMs: 1 })).toBe(false);
});

test("pruning keeps the newest releases, always the current one, and what an instance that drains still runs", () => {
  const first = push(null, "a");
  for (let number = 1; number <= 6; number += 1) commitRelease(pending({}, first.id), first, {});
  store.releases.prune(production, 3, [6, 2]);
  expect(store.releases.releases(production).map((release) => release.number)).toEqual([6, 5, 4, 2]);
  store.releases.prune(production, 3, [6]);
  expect(store.releases.releases(production).map((release) => release.number)).toEqual([6, 5, 4]);
});

test("nobody but root reads the state: token hashes, the audit trail, sealed config", () => {
  const modes = ["state.db", "state.db-wal", "key"].map((name) => (statSync(join(directory, name)).mode & 0o777).toString(8));
  expect(modes).toEqual(["600", "600", "600"]);
});
