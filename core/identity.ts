/** Who does something: bound at the door after the credential was verified, carried to the audit trail. */
export interface Identity {
  /** Name of the key or token, or `root@server` for the local socket. */
  readonly name: string;
  readonly via: "ssh" | "http" | "local";
  readonly role: "admin";
  /** Client address, `local` for the local socket. */
  readonly from: string;
}
