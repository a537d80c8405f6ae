import { expect, test } from "vitest";
import { replacedTypes, standingInTheWay } from "../../../control/make-way.ts";
import { givenInstance, givenWorkload } from "../runtime/given.ts";

const replacing = (...types: string[]) => {
  const workload = givenWorkload({ web: 2, clock: 1, worker: 1 }, { revision: "13" });
  return {
    ...workload,
    processes: workload.processes.map((one) => (types.includes(one.type) ? { ...one, strategy: "replace" as const } : one)),
  };
};

test("a type is replaced where the old release or the new one says so", () => {
  expect(replacedTypes(replacing("clock"), null)).toEqual(new Set(["clock"]));
  expect(replacedTypes(replacing("clock"), replacing("web"))).toEqual(new Set(["clock", "web"]));
  expect(replacedTypes(replacing(), replacing())).toEqual(new Set());
});

test("instances of these types and of another revision end first; others, and the same revision (scaling), do not", () => {
  const instances = [
    givenInstance("web.1"),
    givenInstance("clock.1"),
    givenInstance("clock.2", "up", { revision: "13" }),
    givenInstance("worker.1"),
  ];
  const leaving = standingInTheWay(instances, replacing("clock"), new Set(["clock"]));
  expect(leaving.map(({ type, index }) => `${type}.${index}`)).toEqual(["clock.1"]);
});
