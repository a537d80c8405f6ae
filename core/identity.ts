/** Who does something: bound at the door after the credential was verified, carried to the audit trail. */
import type { AppName } from "./names.ts";
import type { Role } from "./permissions.ts";

export interface Identity {
  /** Name of the key or token, or `root@server` for the local socket. */
  readonly name: string;
  readonly via: "ssh" | "http" | "local";
  readonly role: Role;
  /** Limited to this app; left out: all. */
  readonly app?: AppName;
  /** Limited to branches of this pattern (`feature/*`); only with an app. */
  readonly branches?: string;
  /** Client address, `local` for the local socket. */
  readonly from: string;
}
