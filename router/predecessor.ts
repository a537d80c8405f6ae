/** The router before this one (`restart`, `router:restart`): it serves until this one takes connections, too, then it is told to end. */
import { livingProcess } from "./process-record.ts";

/** From the record that was moved aside; null: there is none, or it is gone. */
export function findPredecessor(record: string): number | null {
  const pid = livingProcess(record);
  return pid === process.pid ? null : pid;
}
