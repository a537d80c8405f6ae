/** The only file that spawns nft. */
import { runCommandOrThrow } from "../command.ts";

/** One transaction: all of it or nothing. */
export async function applyRules(text: string): Promise<void> {
  await runCommandOrThrow("nft", ["-f", "-"], text);
}
