/** Which address of the slice is handed out next: round robin, none while it is held or shortly after. */

/** Routers and clients may still hold a connection to the old owner. */
const REST_MS = 60_000;

export interface AddressQueue {
  /** An offset within the slice, or null when all are held or resting. */
  take(nowMs: number): number | null;
  /** Held by something found on the host. */
  hold(offset: number): void;
  release(offset: number, nowMs: number): void;
  /** Where the next round goes on; kept over restarts. */
  cursor(): number;
}

export function createAddressQueue(options: { readonly count: number; readonly cursor: number }): AddressQueue {
  const held = new Set<number>();
  const restsUntilMs = new Map<number, number>();
  let cursor = options.cursor;

  const free = (offset: number, nowMs: number): boolean => {
    if (!isUsable(offset) || held.has(offset)) return false;
    const until = restsUntilMs.get(offset);
    if (until !== undefined && until > nowMs) return false;
    restsUntilMs.delete(offset);
    return true;
  };

  return {
    take(nowMs) {
      for (let step = 0; step < options.count; step += 1) {
        const offset = (cursor + step) % options.count;
        if (!free(offset, nowMs)) continue;
        held.add(offset);
        cursor = (offset + 1) % options.count;
        return offset;
      }
      return null;
    },
    hold: (offset) => void held.add(offset),
    release(offset, nowMs) {
      if (held.delete(offset)) restsUntilMs.set(offset, nowMs + REST_MS);
    },
    cursor: () => cursor,
  };
}

/** Some software takes .0 and .255 for network and broadcast addresses. */
function isUsable(offset: number): boolean {
  return offset % 256 !== 0 && offset % 256 !== 255;
}
