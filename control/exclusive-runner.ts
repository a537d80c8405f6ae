/** One exclusive runner for each environment: everything that changes it goes through here, first in, first out. */
import type { EnvironmentName } from "../core/index.ts";

export interface ExclusiveRunner {
  /** Runs the work when all earlier work of the environment has ended. */
  run<T>(environment: EnvironmentName, work: () => Promise<T>): Promise<T>;
}

export function createExclusiveRunner(): ExclusiveRunner {
  const tails = new Map<EnvironmentName, Promise<unknown>>();
  return {
    run(environment, work) {
      const previous = tails.get(environment) ?? Promise.resolve();
      const result = previous.then(work, work);
      const tail = result
        .catch(() => undefined)
        .finally(() => {
          if (tails.get(environment) === tail) tails.delete(environment);
        });
      tails.set(environment, tail);
      return result;
    },
  };
}
