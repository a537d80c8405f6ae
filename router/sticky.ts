/** Sticky sessions: a cookie that names the instance a visitor was sent to, without telling anybody else which that is. */
import { createHmac } from "node:crypto";
import { fieldOf, type RequestHead } from "./http/request-head.ts";
import type { Target } from "./target.ts";

/** 128 bits, in base64url. */
const TAG_LENGTH = 22;
const COOKIE = "pushboat-instance";
const IN_FIELD = new RegExp(`(?:^|; *)${COOKIE}=([\\w-]{${TAG_LENGTH}})(?:;|$)`);

export class StickyTargets {
  readonly #byTag: ReadonlyMap<string, Target>;
  readonly #tags: ReadonlyMap<Target, string>;

  /** `key`: of this environment alone, the same for every router; an instance that is replaced has another address, so another tag. */
  constructor(key: string, targets: readonly Target[]) {
    this.#tags = new Map(targets.map((target) => [target, tagOf(key, target)]));
    this.#byTag = new Map([...this.#tags].map(([target, tag]) => [tag, target]));
  }

  /** null: the request names none, or one that is not there any more. */
  find(request: RequestHead): Target | null {
    const tag = IN_FIELD.exec(fieldOf(request, "cookie") ?? "")?.[1];
    return tag === undefined ? null : (this.#byTag.get(tag) ?? null);
  }

  /** A whole header line. Without Expires: it ends with the browser's session. */
  cookieLine(target: Target, protocol: "http" | "https"): string {
    const secure = protocol === "https" ? "; Secure" : "";
    return `Set-Cookie: ${COOKIE}=${this.#tags.get(target) ?? ""}; Path=/; HttpOnly; SameSite=Lax${secure}\r\n`;
  }
}

function tagOf(key: string, { instance, address }: Target): string {
  return createHmac("sha256", Buffer.from(key, "hex")).update(`${instance} ${address}`).digest("base64url").slice(0, TAG_LENGTH);
}
