/** The front door: git over SSH and HTTP, commands over SSH and from this machine. Ends in a push handler or a command handler. */
export { createReceiver, type Receiver } from "./receiver.ts";
export { createRepositories } from "./repositories.ts";
export type { SshLimits } from "./ssh/server.ts";
