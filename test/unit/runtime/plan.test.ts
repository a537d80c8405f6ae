import { describe, expect, test } from "vitest";
import { nextStage, plan, type Step, surplus, wanted } from "../../../runtime/plan.ts";
import { givenInstance, givenWorkload } from "./given.ts";

const words = (steps: readonly Step[]): string[] =>
  steps.map((step) =>
    step.kind === "await"
      ? `await ${step.instance.id}`
      : `${step.kind} ${step.type}.${step.index}${step.kind === "replace" ? ` (${step.crashed.id})` : ""}`,
  );
const names = (instances: readonly { id: string }[]): string[] => instances.map((instance) => instance.id);

describe("plan", () => {
  test("starts everything where nothing runs, web before the others", () => {
    expect(words(plan(givenWorkload({ worker: 1, web: 2 }), []))).toEqual(["start web.1", "start web.2", "start worker.1"]);
  });

  test("gives only the first stage to be run side by side", () => {
    const steps = plan(givenWorkload({ worker: 1, web: 2 }), []);
    expect(words(nextStage(steps))).toEqual(["start web.1", "start web.2"]);
    expect(words(nextStage(plan(givenWorkload({ worker: 2 }), [])))).toEqual(["start worker.1", "start worker.2"]);
    expect(nextStage([])).toEqual([]);
  });

  test("keeps what is up with the same revision, type and index", () => {
    expect(plan(givenWorkload({ web: 2 }), [givenInstance("web.1"), givenInstance("web.2")])).toEqual([]);
  });

  test("starts only what a bigger formation adds", () => {
    expect(words(plan(givenWorkload({ web: 3 }), [givenInstance("web.1"), givenInstance("web.2")]))).toEqual(["start web.3"]);
  });

  test("starts new ones beside those of another revision", () => {
    expect(words(plan(givenWorkload({ web: 1 }), [givenInstance("web.1", "up", { revision: "11" })]))).toEqual(["start web.1"]);
  });

  test("waits for what is still starting", () => {
    expect(words(plan(givenWorkload({ web: 1 }), [givenInstance("web.1", "starting")]))).toEqual(["await web.1-12"]);
  });

  test("replaces what crashed", () => {
    expect(words(plan(givenWorkload({ web: 1 }), [givenInstance("web.1", "crashed")]))).toEqual(["replace web.1 (web.1-12)"]);
  });

  test("leaves to the keeper what it is going to restart", () => {
    expect(plan(givenWorkload({ web: 1 }), [givenInstance("web.1", "crashed", { restartAtMs: 5 })])).toEqual([]);
  });

  test("starts anew in the place of one that is being stopped", () => {
    expect(words(plan(givenWorkload({ web: 1 }), [givenInstance("web.1", "stopping")]))).toEqual(["start web.1"]);
  });

  test("takes a living one before a crashed one of the same place", () => {
    const actual = [givenInstance("web.1", "crashed", { id: "dead" }), givenInstance("web.1", "up", { id: "living" })];
    expect(plan(givenWorkload({ web: 1 }), actual)).toEqual([]);
    expect(names(wanted(givenWorkload({ web: 1 }), actual))).toEqual(["living"]);
    expect(names(surplus(givenWorkload({ web: 1 }), actual))).toEqual(["dead"]);
  });

  test("does not start what its owner stopped, and finds it surplus where it runs", () => {
    const workload = givenWorkload({ web: 3 });
    const stopped = { ...workload, processes: workload.processes.map((process) => ({ ...process, stopped: [2] })) };
    expect(words(plan(stopped, [givenInstance("web.1")]))).toEqual(["start web.3"]);
    expect(names(surplus(stopped, [givenInstance("web.1"), givenInstance("web.2"), givenInstance("web.3")]))).toEqual(["web.2-12"]);
  });

  test("asks for nothing where a type is scaled to 0", () => {
    expect(plan(givenWorkload({ web: 0 }), [])).toEqual([]);
  });
});

describe("surplus", () => {
  test("is another revision, a higher index, a vanished type, and the dead, but not what is being stopped", () => {
    const actual = [
      givenInstance("web.1"),
      givenInstance("web.2"),
      givenInstance("web.1", "up", { revision: "11" }),
      givenInstance("cron.1", "crashed"),
      givenInstance("old.1", "stopping"),
    ];
    expect(names(surplus(givenWorkload({ web: 1 }), actual))).toEqual(["web.2-12", "web.1-11", "cron.1-12"]);
  });
});
