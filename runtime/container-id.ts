/** Container ids: unique on the platform for ever, and readable in `ps` and `ip netns`. */
import { randomBytes } from "node:crypto";
import type { EnvironmentName } from "../core/index.ts";

/** `blog-feature-x-web-1-3f9a2c81d07e`: [a-z0-9-], at most 60 (engine/contract.ts). 48 random bits make it unique. */
export function newContainerId(environment: EnvironmentName, name: string): string {
  return `${slug(environment, 26)}-${slug(name, 18)}-${randomBytes(6).toString("hex")}`;
}

function slug(text: string, most: number): string {
  const safe = text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return safe.slice(0, most).replace(/^-+|-+$/g, "") || "x";
}
