/** The face of the engine. */
export type * from "./contract.ts";
export { createEngine, type EngineLog } from "./engine.ts";
export { createSandbox } from "./sandbox.ts";
