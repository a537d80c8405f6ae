/** The app's own tests stand between the build and the release. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp, tinyText } from "../support/tiny-app.ts";

/** A dev dependency out of the tree itself: it is there for the test, and never in the image. */
const PACKAGES = {
  "package.json": JSON.stringify({
    name: "tested",
    version: "1.0.0",
    engines: { node: "24.x" },
    scripts: { test: "node check.js" },
    devDependencies: { "only-tests": "file:only-tests" },
  }),
  "only-tests/package.json": JSON.stringify({ name: "only-tests", version: "1.0.0", main: "index.js" }),
  "only-tests/index.js": "module.exports = 'dev dependency';\n",
  "check.js": `
    const fs = require("node:fs");
    console.log("checking with a " + require("only-tests") + ", A=" + process.env.A + ", SECRET=" + process.env.SECRET);
    fs.writeFileSync("left-by-the-test", "x");
    if (require("./text.js") === "broken") { console.log("expected whole, got broken"); process.exit(3); }
  `,
};

describe("an app with tests", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform({});
  });
  afterAll(() => platform?.stop());

  it("is released when they pass, stays as it was when they fail, and says so when they are skipped", async () => {
    const appJson = JSON.stringify({ environments: { test: { scripts: { test: "npm test --silent" }, env: { A: "one" } } } });
    const app = await platform.givenApp(tinyApp("whole", { ...PACKAGES, "app.json": appJson }), { app: "tested" });
    await platform.ssh("apps:create tested");
    await platform.ssh("config:set tested SECRET=hidden");
    const first = await app.push();
    expect(first.stderr).toContain("checking with a dev dependency, A=one, SECRET=undefined");
    expect(first.code).toBe(0);
    expect(first.stderr.indexOf("Testing: npm test --silent (from app.json)")).toBeLessThan(first.stderr.indexOf("Starting web=1"));
    await platform.expectHost(app.host).toAnswer("whole");
    // Neither what the tests needed nor what they wrote is in the image.
    for (const path of ["/app/left-by-the-test", "/app/node_modules/only-tests/package.json"])
      expect((await platform.http(app.host, `/read?path=${path}`)).body).toBe("ENOENT");

    for (const [path, text] of Object.entries(tinyText("broken"))) app.write(path, text);
    const failed = await app.push();
    expect(failed.code).not.toBe(0);
    const lines = failed.stderr.split("\n").filter((line) => line.startsWith("remote:"));
    const last = lines.map((line) => line.replace(/^remote: ?/, "").trimEnd()).filter((line) => line !== "");
    expect(last.slice(-3)).toEqual([
      expect.stringMatching(/tested failed: the tests \(.*npm test --silent.*\) ended with exit code 3/),
      expect.stringMatching(/v\d+ still serves http:\/\/tested\.localhost:\d+/),
      expect.stringMatching(/Next: mend it, commit, and push again; .*deploys:attach \d+/),
    ]);
    expect(failed.stderr).toContain("expected whole, got broken");
    expect(failed.stderr).toMatch(/! \[remote rejected\] \S+ -> main \(test failed: /);
    await platform.expectHost(app.host).toAnswer("whole");

    const disk = JSON.parse((await platform.ssh("disk --json")).stdout);
    expect(disk.usedBytes + disk.freeBytes).toBeLessThanOrEqual(disk.totalBytes);
    expect(disk.apps.map((one: { app: string }) => one.app)).toEqual(["tested"]);
    for (const place of ["dependencies", "files", "caches", "logs", "repository"])
      expect(disk.apps[0].bytes[place], place).toBeGreaterThan(0);
    expect([disk.baseBytes > 1_000_000, disk.languageBytes > 1_000_000]).toEqual([true, true]);

    const skipped = await app.push("main", { gitOptions: ["-o", "skip-tests"] });
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).not.toContain("Testing:");
    await platform.expectHost(app.host).toAnswer("broken");
    expect((await platform.ssh("releases tested")).stdout).toMatch(/Deploy [0-9a-f]{7} \(tests skipped\)/);
  });
});
