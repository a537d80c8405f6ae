/** Which containers may connect to which: those of one slot to each other, and to the slots that theirs was linked to. */
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";
import type { ContainerRecord } from "./container/record.ts";
import { readText } from "./kernel/process.ts";
import type { Networks } from "./network/network.ts";
import type { PeerFlow } from "./network/ruleset.ts";

export interface Peers {
  setLinks(slot: number, links: readonly number[]): Promise<void>;
  /** Before the container runs. Costs nothing where it has no peers. */
  join(record: ContainerRecord): Promise<void>;
  /** Before its address can belong to another. */
  leave(id: string): Promise<void>;
  flows(): readonly PeerFlow[];
}

const fileSchema = z.record(z.string(), z.array(z.number()));

/** `file` keeps the links over restarts of ours. */
export function createPeers(file: string, living: readonly ContainerRecord[], networks: Pick<Networks, "setPeers">): Peers {
  const links = new Map(readLinks(file));
  const containers = new Map(living.map((record) => [record.id, record]));
  /** As the ruleset was made with them. */
  let applied = JSON.stringify(flowsOf());
  let applying: Promise<void> = Promise.resolve();

  function flowsOf(): readonly PeerFlow[] {
    const members = [...containers.values()].filter(({ slot, ip }) => slot !== "build" && ip !== null);
    return members.flatMap((from) => {
      const seen = new Set([from.slot, ...(links.get(Number(from.slot)) ?? [])]);
      return members
        .filter((to) => to.id !== from.id && seen.has(to.slot))
        .map((to) => ({ source: from.ip as string, address: to.ip as string }));
    });
  }
  /** One after the other, each with what is true when its turn comes. */
  const apply = (): Promise<void> => {
    const next = applying.then(async () => {
      const now = flowsOf();
      const text = JSON.stringify(now);
      if (text === applied) return;
      await networks.setPeers(now);
      applied = text;
    });
    applying = next.catch(() => {
      applied = "unknown";
    });
    return next;
  };
  return {
    async setLinks(slot, linked) {
      if (linked.length === 0) links.delete(slot);
      else links.set(slot, linked);
      writeAtomically(file, JSON.stringify(Object.fromEntries(links)));
      await apply();
    },
    async join(record) {
      containers.set(record.id, record);
      await apply();
    },
    async leave(id) {
      if (containers.delete(id)) await apply();
    },
    flows: flowsOf,
  };
}

function readLinks(file: string): readonly [number, readonly number[]][] {
  const parsed = fileSchema.safeParse(JSON.parse(readText(file) ?? "{}"));
  return Object.entries(parsed.data ?? {}).map(([slot, linked]) => [Number(slot), linked]);
}
