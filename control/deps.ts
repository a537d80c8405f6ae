/** What control is made of: the faces of the other modules, handed in by main.ts. */
import type { Logger } from "pino";
import type { Builder, Repositories, RouterControl, Runtime, Settings } from "../core/index.ts";
import type { ExclusiveRunner } from "./exclusive-runner.ts";
import type { Journal } from "./journal.ts";
import type { Notifier } from "./notify.ts";
import type { Store } from "./store/index.ts";

export interface Parts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly builder: Builder;
  readonly router: RouterControl;
  readonly repositories: Repositories;
  readonly log: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface Deps extends Parts {
  readonly store: Store;
  readonly journal: Journal;
  readonly exclusive: ExclusiveRunner;
  readonly notifier: Notifier;
}
