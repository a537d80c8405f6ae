/** How many environments may boot side by side after a reboot and when woken: the machine is small and all of them want its cores. */
const SLOTS = 3;

export interface Admission {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** First come, first served. */
export function createAdmission(slots = SLOTS): Admission {
  let free = slots;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
