/** A reboot with many apps. REBOOT_APPS=50 is the long form that docs/reliability.md has the figures of. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { reboot } from "../support/reboot.ts";
import { tinyApp } from "../support/tiny-app.ts";

const APPS = Number(process.env["REBOOT_APPS"] ?? 8);
/** control/admission.ts */
const AT_ONCE = 3;
const TIMEOUT_MS = 120_000 + APPS * 10_000;

describe("a reboot", () => {
  let platform: Platform;
  const names = Array.from({ length: APPS }, (_, index) => `app-${index + 1}`);
  const textOf = (name: string) => `this is ${name} and nobody else`;
  beforeAll(async () => {
    platform = await givenPlatform();
    for (const name of names) await (await platform.givenApp(tinyApp(textOf(name)), { app: name })).mustPush();
  }, TIMEOUT_MS);
  afterAll(() => platform?.stop(), TIMEOUT_MS);

  it(`brings ${APPS} apps back, at most ${AT_ONCE} at once, and no host ever answers for another`, { timeout: TIMEOUT_MS }, async () => {
    await reboot(platform);
    const startedMs = performance.now();
    const wrong: string[] = [];
    const back = new Map<string, number>();
    let asking = true;
    const asked = names.map(async (name) => {
      while (asking) {
        const answer = await platform.http(`${name}.localhost`, "/", { timeoutMs: 90_000 }).catch(() => null);
        const own = answer?.status === 200 && answer.body === `${textOf(name)}\n`;
        if (own && !back.has(name)) back.set(name, performance.now() - startedMs);
        if (answer !== null && /this is/.test(answer.body) && !own) wrong.push(`${name}: ${answer.body}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    const up = await platform.up();
    expect([up.code, up.output]).toEqual([0, expect.any(String)]);
    const upMs = performance.now() - startedMs;
    await eventually("all are back", async () => back.size === APPS, TIMEOUT_MS);
    asking = false;
    await Promise.all(asked);
    const starts = await Promise.all(names.map((name) => lastStart(platform, name)));
    const mostAtOnce = Math.max(
      ...starts.map(({ beganMs }) => starts.filter((one) => one.beganMs <= beganMs && beganMs < one.upMs).length),
    );
    const lastMs = Math.max(...back.values());
    process.stdout.write(
      `reboot: up after ${Math.round(upMs)} ms, ${APPS} apps back after ${Math.round(lastMs)} ms, starting at once: ${mostAtOnce}\n`,
    );
    expect(wrong).toEqual([]);
    expect(mostAtOnce).toBeLessThanOrEqual(AT_ONCE);
  });
});

/** By what the app's log says. */
async function lastStart(platform: Platform, name: string): Promise<{ beganMs: number; upMs: number }> {
  const lines = (await platform.ssh(`logs ${name} -n 1000`)).stdout.split("\n");
  const at = (text: string) => Date.parse(lines.findLast((line) => line.includes(text))?.split(" ")[0] ?? "");
  return { beganMs: at("State changed to starting"), upMs: at("State changed from starting to up") };
}
