/** How many connections may be open that nobody has signed for yet: in all, and from one address. */

export interface AdmissionLimits {
  readonly total: number;
  readonly perAddress: number;
}

export interface Admission {
  /** null: no room. `leave` when it is authenticated or closed; more than once does no harm. */
  enter(address: string): { readonly leave: () => void } | null;
}

export const DEFAULT_ADMISSION: AdmissionLimits = { total: 100, perAddress: 20 };

export function createAdmission({ total, perAddress }: AdmissionLimits): Admission {
  const waiting = new Map<string, number>();
  let all = 0;
  return {
    enter: (address) => {
      const here = waiting.get(address) ?? 0;
      if (all >= total || here >= perAddress) return null;
      all += 1;
      waiting.set(address, here + 1);
      let left = false;
      const leave = (): void => {
        if (left) return;
        left = true;
        all -= 1;
        const now = (waiting.get(address) ?? 1) - 1;
        if (now > 0) waiting.set(address, now);
        else waiting.delete(address);
      };
      return { leave };
    },
  };
}
