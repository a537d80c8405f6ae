/** network:allow as firewall elements: which slot may reach which private addresses, times the containers it has. */
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";
import type { ContainerRecord } from "./container/record.ts";
import { readText } from "./kernel/process.ts";
import type { Networks } from "./network/network.ts";
import type { AllowedFlow } from "./network/ruleset.ts";

export interface AllowedFlows {
  set(slot: number, allowed: readonly Destination[]): Promise<void>;
  /** Before the container runs. Costs nothing where its slot is allowed nothing. */
  join(record: ContainerRecord): Promise<void>;
  /** Before its address can belong to another. */
  leave(id: string, slot: number | "build" | null): Promise<void>;
  flows(): readonly AllowedFlow[];
}

interface Destination {
  readonly address: string;
  readonly port: number;
}

const fileSchema = z.record(z.string(), z.array(z.object({ address: z.string(), port: z.number() })));

/** `file` keeps what is allowed over restarts of ours. */
export function createAllowedFlows(file: string, living: readonly ContainerRecord[], networks: Pick<Networks, "setFlows">): AllowedFlows {
  const bySlot = new Map<number, readonly Destination[]>(readAllowed(file));
  const containers = new Map(living.map((record) => [record.id, record]));

  const flows = (): readonly AllowedFlow[] =>
    [...containers.values()].flatMap(({ slot, ip }) =>
      slot === "build" || ip === null ? [] : (bySlot.get(slot) ?? []).map(({ address, port }) => ({ source: ip, address, port })),
    );
  const allows = (slot: number | "build" | null): boolean => typeof slot === "number" && (bySlot.get(slot)?.length ?? 0) > 0;

  return {
    async set(slot, allowed) {
      if (allowed.length === 0) bySlot.delete(slot);
      else bySlot.set(slot, allowed);
      writeAtomically(file, JSON.stringify(Object.fromEntries(bySlot)));
      await networks.setFlows(flows());
    },
    async join(record) {
      containers.set(record.id, record);
      if (allows(record.slot)) await networks.setFlows(flows());
    },
    async leave(id, slot) {
      const known = containers.delete(id);
      if (known && allows(slot)) await networks.setFlows(flows());
    },
    flows,
  };
}

function readAllowed(file: string): readonly [number, readonly Destination[]][] {
  const parsed = fileSchema.safeParse(JSON.parse(readText(file) ?? "{}"));
  return Object.entries(parsed.data ?? {}).map(([slot, allowed]) => [Number(slot), allowed]);
}
