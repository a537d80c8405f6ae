/** Host name -> route: the name itself first, then the longest wildcard above it. */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();

  set(host: string, route: T): void {
    (host.startsWith("*.") ? this.#wildcards : this.#exact).set(host, route);
  }

  find(host: string): T | undefined {
    const exact = this.#exact.get(host);
    if (exact !== undefined || this.#wildcards.size === 0) return exact;
    for (const wildcard of coveringWildcards(host)) {
      const route = this.#wildcards.get(wildcard);
      if (route !== undefined) return route;
    }
    return undefined;
  }

  all(): readonly T[] {
    return [...this.#exact.values(), ...this.#wildcards.values()];
  }
}

/** The wildcards that a name is below, the longest first: `*.b.c`, `*.c` for `a.b.c`. */
function* coveringWildcards(host: string): Generator<string> {
  for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) yield `*${host.slice(dot)}`;
}
