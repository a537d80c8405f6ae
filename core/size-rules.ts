/** Sizes as app.json and pushboat.yml write them -> values with units. */
import { z } from "zod";
import { parseBytes } from "./bytes.ts";
import { DISK_BOUNDS, parseMemory, type SizeRules } from "./size.ts";

/** A number is bytes. */
const amount = (parse: (text: string) => number | null, wording: string) =>
  z.union([z.string(), z.number()], wording).transform((value, context) => {
    const bytes = parse(String(value));
    if (bytes !== null) return bytes;
    context.addIssue({ code: "custom", message: wording });
    return z.NEVER;
  });

/** `1gb`, `512mb`, `Standard-2X`. */
export const memorySize = amount(parseMemory, "must be memory such as 512mb or 1gb, at least 16mb, or one of Heroku's names");
const swap = amount(parseBytes, "must be an amount such as 0, 256mb or 1gb");
export const diskSize = amount((text) => {
  const bytes = parseBytes(text);
  return bytes === null || bytes < DISK_BOUNDS.least || bytes > DISK_BOUNDS.most ? null : bytes;
}, "must be an amount such as 512mb or 2gb, at least 16mb");

/** `size: 1gb`, or `size: { memory: 1gb, cpu: 1.5, disk: 2gb }`. */
export const sizeSection = z.preprocess(
  (value) => (typeof value === "string" || typeof value === "number" ? { memory: value } : value),
  z.strictObject({
    memory: memorySize.optional(),
    swap: swap.optional(),
    /** Cores. */
    cpu: z.number().min(0.05).max(1024).optional(),
    "cpu-shares": z.number().int().min(2).max(262_144).optional(),
    pids: z.number().int().min(8).max(32_768).optional(),
    files: z.number().int().min(64).max(1_048_576).optional(),
    disk: diskSize.optional(),
    "io-weight": z.number().int().min(10).max(1000).optional(),
  }),
);

export function sizeRules(section: z.infer<typeof sizeSection> | undefined): SizeRules {
  const { memory, swap: swapBytes, cpu, pids, files, disk } = section ?? {};
  const [shares, weight] = [section?.["cpu-shares"], section?.["io-weight"]];
  return {
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(swapBytes === undefined ? {} : { swapBytes }),
    ...(cpu === undefined ? {} : { cpus: cpu }),
    ...(shares === undefined ? {} : { cpuShares: shares }),
    ...(pids === undefined ? {} : { pids }),
    ...(files === undefined ? {} : { openFiles: files }),
    ...(disk === undefined ? {} : { diskBytes: disk }),
    ...(weight === undefined ? {} : { ioWeight: weight }),
  };
}

/** `2`, `2:1gb`. */
export const quantityAndSize = z
  .union([z.number(), z.string()], "must be a number of instances such as 2, or 2:1gb")
  .transform((value, context) => {
    const [, count, size] = /^(\d{1,3})(?::(.+))?$/.exec(String(value)) ?? [];
    const memoryBytes = size === undefined ? undefined : parseMemory(size);
    if (count !== undefined && Number(count) <= 100 && memoryBytes !== null)
      return { quantity: Number(count), ...(memoryBytes === undefined ? {} : { memoryBytes }) };
    context.addIssue({ code: "custom", message: "must be 0 to 100 instances, and may have a size: 2, 2:1gb" });
    return z.NEVER;
  });
