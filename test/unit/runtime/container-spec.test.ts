import { expect, test } from "vitest";
import { DEFAULT_SIZE, type EnvironmentName, type VolumeName } from "../../../core/index.ts";
import { newContainerId } from "../../../runtime/container-id.ts";
import { containerEnv, containerSpec } from "../../../runtime/container-spec.ts";
import { givenImage, givenWorkload } from "./given.ts";

const order = (patch: Parameters<typeof givenWorkload>[1] = {}) => ({
  id: "blog-web-1-0",
  workload: givenWorkload({ web: 1 }, patch),
  name: "web.1",
  definition: { form: "shell", command: ["npm start"] } as const,
  size: DEFAULT_SIZE,
  logFile: "/logs/web.1.log",
  labels: { kind: "instance" },
  extraEnv: {},
});

test("An instance gets its image's variables, over them its config, over all its own name and port", () => {
  const env = containerEnv(order({ image: givenImage({ LANG: "C", A: "image" }), env: { A: "config", PORT: "1", DYNO: "me" } }));
  expect(env).toEqual({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/app",
    LANG: "C",
    A: "config",
    PORT: "5000",
    DYNO: "web.1",
    PUSHBOAT_INSTANCE: "web.1",
  });
});

test("A container is asked for with the environment's slot, the size's limits and volumes whose owners are mapped", () => {
  const volume = { volume: "data" as VolumeName, hostDirectory: "/data/volumes/data", target: "/app/data", limitBytes: null };
  expect(containerSpec(order({ volumes: [volume] }))).toMatchObject({
    slot: 3,
    argv: ["/bin/sh", "-c", "exec npm start"],
    workingDirectory: "/app",
    uid: 1000,
    network: "app",
    memoryBytes: 536870912,
    pids: 256,
    upperDirectory: null,
    mounts: [{ source: "/data/volumes/data", target: "/app/data", readOnly: false, mapOwners: true }],
  });
});

test("A container's id is short, safe and never the same twice, whatever the branch is called", () => {
  const environment = `blog@Feature/Ünïcode ${"x".repeat(100)}` as EnvironmentName;
  const ids = [newContainerId(environment, "web.1"), newContainerId(environment, "web.1")];
  for (const id of ids) {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(id.length).toBeLessThanOrEqual(60);
  }
  expect(ids[0]).not.toBe(ids[1]);
});
