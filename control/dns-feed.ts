/** Keeps the name server's table true: written anew, whole, at each change of a container, a release or a link. */
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { type ContainerAddress, type DnsTable, dnsDomain, type EnvironmentName } from "../core/index.ts";
import type { Deps } from "./deps.ts";

export interface DnsFeed {
  /** Changes that come together go together. */
  changed(): void;
  /** Tells the runtime which slots an environment was linked to. */
  link(from: EnvironmentName): Promise<void>;
  start(): Promise<void>;
}

export function createDnsFeed(deps: Pick<Deps, "settings" | "store" | "runtime" | "log">): DnsFeed {
  const { store, runtime, log } = deps;
  const file = `${deps.settings.runDirectory}/dns/table.json`;
  let pending = false;
  let started = false;
  let written = "";

  const write = (): void => {
    const text = JSON.stringify(dnsTable(deps, runtime.addresses()));
    if (text === written) return;
    writeFileSync(`${file}.new`, text);
    chmodSync(`${file}.new`, 0o644); // its directory is closed to all but the name server
    renameSync(`${file}.new`, file);
    written = text;
  };
  const attempt = (): void => {
    pending = false;
    try {
      write();
    } catch (error) {
      log.error({ err: error }, "writing the name server's table failed");
    }
  };
  const link = async (from: EnvironmentName): Promise<void> => {
    const slotOf = (name: EnvironmentName): number[] => {
      const slot = store.apps.environment(name)?.slot;
      return slot === undefined ? [] : [slot];
    };
    const targets = store.links.links(from).flatMap(({ to }) => slotOf(to));
    for (const slot of slotOf(from)) await runtime.setLinks(slot, targets);
  };

  const changed = (): void => {
    if (pending || !started) return;
    pending = true;
    queueMicrotask(attempt);
  };
  return {
    changed,
    link,
    async start() {
      started = true;
      for (const from of new Set(store.links.links().map((one) => one.from))) await link(from);
      attempt();
    },
  };
}

function dnsTable({ store, runtime }: Pick<Deps, "store" | "runtime">, addresses: readonly ContainerAddress[]): DnsTable {
  const links = store.links.links();
  return {
    address: runtime.dnsAddress(),
    environments: store.apps.environments().flatMap(({ name, app, branch, ending }) => {
      if (ending) return [];
      const own = addresses.filter(({ environment }) => environment === name);
      const types = [...new Set([...Object.keys(store.releases.formation(name)), ...own.flatMap(({ type }) => type ?? [])])];
      const ready = types.map((type) => [type, own.filter((one) => one.ready && one.type === type).map(({ ip }) => ip)] as const);
      return [
        {
          name,
          domain: dnsDomain(app, branch),
          clients: own.map(({ ip }) => ip),
          ready: Object.fromEntries(ready),
          links: links.filter(({ from }) => from === name).map(({ to }) => to),
        },
      ];
    }),
  };
}
