/** The face of the runtime: the supervisor for control, the sandbox for the builder. Both run on one engine. */
import { asPushboatError, type Runtime, type Sandbox, type Settings } from "../core/index.ts";
import { createEngine, createSandbox, type EngineLog } from "./engine/index.ts";
import { createSupervisor } from "./supervisor.ts";

export interface RuntimeLog extends EngineLog {
  error(details: object, message: string): void;
}

export interface RuntimeOptions {
  readonly settings: Settings;
  readonly log: RuntimeLog;
  readonly now?: () => number;
}

export function createRuntime({ settings, log, now = Date.now }: RuntimeOptions): { readonly runtime: Runtime; readonly sandbox: Sandbox } {
  const engine = createEngine({ settings, log });
  const steps = createSandbox({ engine });
  let preparing: Promise<void> | null = null;
  /** Once, before the first that needs it: `prepare` builds without adopting. */
  const prepare = (): Promise<void> => {
    preparing ??= engine.prepare();
    return preparing;
  };
  const complain = (what: string, error: unknown): void => log.error({ err: asPushboatError(error) }, `${what} failed`);
  return {
    runtime: createSupervisor({ settings, engine, prepare, now, complain }),
    sandbox: {
      run: async (spec) => {
        await prepare();
        return await steps.run(spec);
      },
    },
  };
}
