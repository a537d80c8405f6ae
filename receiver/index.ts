/** The front door: git over SSH and HTTP, commands over SSH and from this machine. Ends in a push handler or a command handler. */

export type { GitUser } from "./git/process.ts";
export { createReceiver, type Receiver, type ReceiverDependencies } from "./receiver.ts";
export { createRepositories, type RepositoriesDependencies } from "./repositories.ts";
export type { SshLimits } from "./ssh/server.ts";
