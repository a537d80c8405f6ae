/** Health checks after an app went live, from pushboat.yml to `ps`, the log and the answers. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";

const CHECKS = `processes:
  web:
    health:
      readiness: { command: "test ! -e /tmp/sick", attempts: 2, wait: 0.2 }
      liveness: { command: "test ! -e /tmp/sick", attempts: 5, wait: 1 }
`;

let platform: Platform;
beforeAll(async () => {
  platform = await givenPlatform();
});
afterAll(() => platform?.stop());

it("an instance that falls ill after it went live is shown unready, replaced, and answers again", async () => {
  const app = await platform.givenApp(tinyApp("v1", { "pushboat.yml": CHECKS }), { app: "blog" });
  await app.mustPush();
  expect((await platform.http(app.host, "/write?path=/tmp/sick&text=x")).body).toBe("written");
  await eventually("ps shows it unready, with the reason", async () =>
    /web\.1: unready .*readiness check failed \d+ times: test ! -e \/tmp\/sick exited with code 1/.test(
      (await platform.ssh("ps blog")).stdout,
    ),
  );
  await eventually("it was replaced", async () => /web\.1: up .*1 restart/.test((await platform.ssh("ps blog")).stdout), 60_000);
  expect((await platform.http(app.host, "/")).body).toContain("v1");
  const { stdout } = await platform.ssh("logs blog -n 200");
  expect(stdout).toContain("pushboat[web.1]: State changed from up to unready: readiness check failed 2 times");
  expect(stdout).toContain("pushboat[web.1]: State changed from unready to crashed: liveness check failed 5 times");
});
