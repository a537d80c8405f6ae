/** The words and the pure rules; imports nothing of ours, does no I/O. */
export * from "./build.ts";
export * from "./command.ts";
export * from "./deployment.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./identity.ts";
export * from "./image.ts";
export * from "./names.ts";
export * from "./push.ts";
export * from "./render-events.ts";
export * from "./routes.ts";
export * from "./sandbox.ts";
export * from "./settings.ts";
export * from "./workload.ts";
