/** network:allow: what a slot may reach, told to the engine where it is not known to it (a new workload, a reboot). */
import type { PrivateAddress } from "../core/index.ts";
import type { Engine } from "./engine/contract.ts";

export interface AllowedWays {
  /** At once, also for what runs. */
  set(slot: number, allowed: readonly PrivateAddress[]): Promise<void>;
  /** Does nothing where it was told before. */
  ensure(workload: { readonly slot: number; readonly allowed: readonly PrivateAddress[] }): Promise<void>;
}

export function createAllowedWays(engine: Pick<Engine, "setAllowed">): AllowedWays {
  const told = new Map<number, string>();
  const set: AllowedWays["set"] = async (slot, allowed) => {
    told.set(slot, JSON.stringify(allowed));
    await engine.setAllowed(slot, allowed).catch((error) => {
      told.delete(slot);
      throw error;
    });
  };
  return {
    set,
    ensure: async ({ slot, allowed }) => {
      if (told.get(slot) !== JSON.stringify(allowed)) await set(slot, allowed);
    },
  };
}
