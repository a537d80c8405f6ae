/** The actual: every instance this supervisor knows, by container id. The only place where their state changes. */
import type { EnvironmentName } from "../core/index.ts";
import { INSTANCE_TRANSITIONS, type Tracked } from "./tracked.ts";

/** before null: it was added; after null: it was dropped. */
export type TableListener = (before: Tracked | null, after: Tracked | null) => void;

export class InstanceTable {
  readonly #instances = new Map<string, Tracked>();
  readonly #listeners: TableListener[] = [];

  get(id: string): Tracked | undefined {
    return this.#instances.get(id);
  }

  all(): readonly Tracked[] {
    return [...this.#instances.values()];
  }

  of(environment: EnvironmentName): readonly Tracked[] {
    return this.all().filter((instance) => instance.environment === environment);
  }

  onChange(listener: TableListener): void {
    this.#listeners.push(listener);
  }

  add(instance: Tracked): void {
    this.#instances.set(instance.id, instance);
    this.#tell(null, instance);
  }

  /** A transition that the table in tracked.ts does not know is a bug of ours. */
  change(id: string, patch: Partial<Omit<Tracked, "id" | "environment">>): void {
    const before = this.#instances.get(id);
    if (before === undefined) return;
    const after = { ...before, ...patch };
    if (after.state !== before.state && !INSTANCE_TRANSITIONS[before.state].includes(after.state)) {
      throw new Error(`instance ${id} cannot go from ${before.state} to ${after.state}`);
    }
    this.#instances.set(id, after);
    this.#tell(before, after);
  }

  drop(id: string): void {
    const before = this.#instances.get(id);
    if (before === undefined) return;
    this.#instances.delete(id);
    this.#tell(before, null);
  }

  #tell(before: Tracked | null, after: Tracked | null): void {
    for (const listener of this.#listeners) listener(before, after);
  }
}
