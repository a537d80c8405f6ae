/**
 * Lets the kernel forward for our links, and for nothing more than it must: where the host forwards already, nothing is
 * changed; else only our links and the interfaces that their packets come back by. Which those are is remembered for all
 * platforms of the host, and undone when the last of them leaves, unless somebody else made the whole host a router meanwhile.
 *
 * Foreign firewalls whose forward policy is drop (Docker, ufw, firewalld) need an accept of ours in their chains; its place
 * is here (a later issue).
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** Answers the interfaces that forward because of us. */
export function openForwarding(interfaces: readonly string[], rememberedIn: string): readonly string[] {
  if (readSwitch("all") !== "1") {
    for (const name of interfaces) {
      if (readSwitch(name) !== "0") continue;
      mkdirSync(rememberedIn, { recursive: true, mode: 0o700 });
      writeFileSync(`${rememberedIn}/${name}`, "");
      writeFileSync(switchOf(name), "1");
    }
  }
  return rememberedInterfaces(rememberedIn);
}

/** After the last platform of the host. */
export function closeForwarding(rememberedIn: string): void {
  for (const name of rememberedInterfaces(rememberedIn)) {
    if (readSwitch("all") === "0" && readSwitch(name) === "1") writeFileSync(switchOf(name), "0");
  }
  rmSync(rememberedIn, { recursive: true, force: true });
}

function rememberedInterfaces(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readSwitch(name: string): string | null {
  try {
    return readFileSync(switchOf(name), "utf8").trim();
  } catch {
    return null;
  }
}

function switchOf(name: string): string {
  return `/proc/sys/net/ipv4/conf/${name}/forwarding`;
}
