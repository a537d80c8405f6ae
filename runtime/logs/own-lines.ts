/** Lines that Pushboat itself writes into an environment's log: state changes, deploys, config. */
import { appendFileSync } from "node:fs";
import { formatLine } from "./k8s-lines.ts";

export const OWN_FILE_NAME = "pushboat.log";

/** One append for each call: whole lines, in order, also after kill -9. */
export function appendOwnLines(path: string, timeMs: number, source: string, text: string): void {
  const lines = text.replace(/\n$/, "").split("\n");
  appendFileSync(path, lines.map((line) => formatLine(timeMs, `${source} ${line}`)).join(""), { mode: 0o600 });
}
