/** Which instance takes a request: of two random ones the one with fewer requests in flight (Mitzenmacher's power of two choices). */
export interface Candidate {
  readonly inFlight: number;
  readonly quarantinedUntilMs: number;
}

/**
 * Candidates that were tried already are left out; quarantined ones too while there is another (trying one beats failing).
 * null: nothing is left to try. `random` gives [0, 1).
 */
export function choose<T extends Candidate>(candidates: readonly T[], tried: readonly T[], nowMs: number, random: () => number): T | null {
  if (candidates.length === 1 && tried.length === 0) return candidates[0] as T;
  const untried = tried.length === 0 ? candidates : candidates.filter((candidate) => !tried.includes(candidate));
  const sound = untried.filter((candidate) => candidate.quarantinedUntilMs <= nowMs);
  const pool = sound.length > 0 ? sound : untried;
  if (pool.length === 0) return null;
  const first = Math.floor(random() * pool.length);
  if (pool.length === 1) return pool[first] as T;
  const second = (first + 1 + Math.floor(random() * (pool.length - 1))) % pool.length;
  const [a, b] = [pool[first] as T, pool[second] as T];
  return b.inFlight < a.inFlight ? b : a;
}
