/** A registry that fails: real npm against a server that refuses, and then does not. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { STEP_LIMITS } from "../../../builder/step.ts";
import { givenWorkshop, type Workshop } from "./support/given.ts";

const limits = { step: { ...STEP_LIMITS, retryDelaysMs: [10, 20] } };
let workshop: Workshop;
let server: Server;

afterEach(() => {
  server.close();
  workshop.remove();
});

/** An app whose one dependency comes from a server of the test; the first `refusals` requests are answered by 503. */
async function givenApp(refusals: number): Promise<readonly string[]> {
  workshop = givenWorkshop({ limits });
  const asked: string[] = [];
  const archive = packageArchive(workshop.directory);
  server = createServer((request, answer) => {
    asked.push(request.url ?? "");
    answer.statusCode = asked.length <= refusals ? 503 : 200;
    answer.end(answer.statusCode === 503 ? "busy" : archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const resolved = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tiny-dependency-1.0.0.tgz`;
  const root = { name: "tiny", version: "1.0.0", dependencies: { "tiny-dependency": resolved } };
  workshop.repository.write({
    "package.json": JSON.stringify({ ...root, scripts: { start: "node server.js" } }),
    "package-lock.json": JSON.stringify({
      ...root,
      lockfileVersion: 3,
      packages: { "": root, "node_modules/tiny-dependency": { version: "1.0.0", resolved } },
    }),
    "server.js": "",
    ".npmrc": "fetch-retries=0\n", // npm's own backoff begins at 10 s
  });
  workshop.repository.commit();
  return asked;
}

function packageArchive(directory: string): Buffer {
  mkdirSync(join(directory, "package"));
  writeFileSync(join(directory, "package/package.json"), JSON.stringify({ name: "tiny-dependency", version: "1.0.0" }));
  execFileSync("tar", ["-czf", "package.tgz", "package"], { cwd: directory });
  return readFileSync(join(directory, "package.tgz"));
}

describe("a registry that does not answer", () => {
  it("once is asked again, from an empty layer, and the build goes on", async () => {
    const asked = await givenApp(1);
    const { image, lines } = await workshop.build();
    expect(asked).toEqual(["/tiny-dependency-1.0.0.tgz", "/tiny-dependency-1.0.0.tgz"]);
    expect(lines.join("\n")).toMatch(/npm ci.* could not reach where npm gets its packages from; it is tried again in 0\.01 s/);
    const dependencies = image.layers.find(({ kind }) => kind === "dependencies");
    const installed = join(dependencies?.directories[0] ?? "", "app/node_modules/tiny-dependency/package.json");
    expect(JSON.parse(readFileSync(installed, "utf8"))).toMatchObject({ version: "1.0.0" });
  });

  it("at all ends the build with an error that says so", async () => {
    const asked = await givenApp(100);
    await expect(workshop.build()).rejects.toMatchObject({
      code: "build/registry",
      kind: "transient",
      message: expect.stringContaining("could not reach where npm gets its packages from"),
      hint: expect.stringContaining("503"),
    });
    expect(asked.length).toBe(3);
  });
});
