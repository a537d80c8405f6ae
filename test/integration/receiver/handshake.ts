/** A promise to be kept by somebody else: tests prove order and liveness with it, not with times. */
export interface Handshake {
  readonly done: Promise<void>;
  readonly give: () => void;
}

export function handshake(): Handshake {
  let give = (): void => {};
  const done = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { done, give };
}
