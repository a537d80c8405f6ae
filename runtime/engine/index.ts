/** The face of the engine. */
export type * from "./contract.ts";
export { createEngine, type EngineLog, type EngineOptions, type PushboatEngine } from "./engine.ts";
export { createSandbox } from "./sandbox.ts";
