/** How an instance ended, in words for the user. */
import { constants } from "node:os";
import type { ContainerExit } from "./engine/contract.ts";

const SIGNAL_NAMES = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name] as const));
/** Shells and conmon alike: 128 + the signal's number. */
const SIGNAL_BASE = 128;

export function exitReason(exit: ContainerExit, memoryLimitBytes: number): string {
  if (exit.outOfMemory) return `out of memory (${megabytes(memoryLimitBytes)})`;
  if (exit.unknown) return "ended, and its exit code was lost with its monitor";
  const signal = SIGNAL_NAMES.get(exit.exitCode - SIGNAL_BASE);
  return signal === undefined ? `exited with code ${exit.exitCode}` : `killed by ${signal}`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MB`;
}
