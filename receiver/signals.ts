/** Signals that a client sends, for whoever listens; names without SIG. */

export interface SignalBox {
  readonly onSignal: (listener: (name: string) => void) => void;
  /** false: nobody listens. */
  readonly raise: (name: string) => boolean;
}

export function createSignalBox(): SignalBox {
  const listeners: ((name: string) => void)[] = [];
  return {
    onSignal: (listener) => {
      listeners.push(listener);
    },
    raise: (name) => {
      for (const listener of listeners) listener(name);
      return listeners.length > 0;
    },
  };
}
