/** What an app runs: its Procfile, or what its language would guess. */
import { type Processes, parseProcfile, WEB } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";

export interface Start {
  readonly processes: Processes;
  /** `a Procfile`, `app.py`. */
  readonly from: string;
}

/** web: a shell command, with where it was found. */
export interface WebGuess {
  readonly command: string;
  readonly from: string;
}

/** A Procfile may leave web to the guess, as on Heroku. null: there is nothing to start. */
export function planStart(source: SourceTree, guess: () => WebGuess | null): Start | null {
  const procfile = source.texts.get("Procfile");
  const named = procfile === undefined ? {} : parseProcfile(procfile);
  if (named[WEB] !== undefined) return { processes: named, from: "a Procfile" };
  const web = guess();
  if (web === null) return Object.keys(named).length > 0 ? { processes: named, from: "a Procfile" } : null;
  return { from: web.from, processes: { [WEB]: { form: "shell", command: [web.command] }, ...named } as Processes };
}
