/** The table that control writes: read at the start and at each change, kept where it cannot be read. */
import { readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import type { DnsTable } from "../core/dns-table.ts";

export interface TableFile {
  current(): DnsTable | null;
  /** Resolves at the next change, or after so long. */
  changed(withinMs: number): Promise<void>;
  close(): void;
}

export function watchTable(path: string): TableFile {
  let table: DnsTable | null = null;
  let waiting: (() => void)[] = [];
  const read = (): void => {
    try {
      table = JSON.parse(readFileSync(path, "utf8")) as DnsTable;
    } catch {
      return; // not there yet
    }
    for (const wake of waiting) wake();
    waiting = [];
  };
  const watcher = watch(dirname(path), read);
  read();
  return {
    current: () => table,
    changed: (withinMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    close: () => watcher.close(),
  };
}
