/** Pages of an app's own that the router shows in its stead: when it fails, and during maintenance. Kept with the release. */

export interface OwnPages {
  /** HTML. Instead of the router's page for an H-code of 5xx. */
  readonly error?: string;
  readonly maintenance?: string;
}

export const PAGE_KINDS = ["error", "maintenance"] as const satisfies readonly (keyof OwnPages)[];

/** They lie in every router's memory; styles and a drawing fit, photographs do not. */
export const MAX_PAGE_BYTES = 64 * 1024;
