/** OCI layouts that the usual tools read: skopeo, umoci, runc. */
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archiveLayer } from "../../../builder/oci/layer-archive.ts";
import type { Image, Layer } from "../../../core/index.ts";
import { givenWorkshop, type Workshop } from "./support/given.ts";

let workshop: Workshop;
let scratch: string;
let image: Image;

beforeAll(async () => {
  workshop = givenWorkshop();
  scratch = mkdtempSync(join(tmpdir(), "pushboat-export-"));
  workshop.repository.copy(join(import.meta.dirname, "../../fixtures/apps/express-hello"));
  workshop.repository.write({ "gone/a.txt": "a", "run.sh": "#!/bin/sh\n" });
  const first = workshop.repository.commit();
  await workshop.build();
  rmSync(join(workshop.repository.directory, "gone"), { recursive: true });
  workshop.repository.write({ "version.js": 'export default "v2";\n' });
  workshop.repository.commit();
  // Stored as a delta with a whiteout: the export must not show that.
  image = (await workshop.build({ previousCommit: first })).image;
});

afterAll(() => {
  workshop.remove();
  rmSync(scratch, { recursive: true, force: true });
});

describe("an exported image", () => {
  it("is read by skopeo, unpacked by umoci, run by runc, and answers", async () => {
    const layout = join(scratch, "layout");
    await workshop.builder.exportOci(image, layout, "v2");
    const seen = JSON.parse(execFileSync("skopeo", ["inspect", `oci:${layout}:v2`], { encoding: "utf8" }));
    expect(seen.Layers.length).toBe(4);
    expect(seen.Env).toContain("NODE_ENV=production");
    const bundle = join(scratch, "bundle");
    execFileSync("umoci", ["unpack", "--image", `${layout}:v2`, bundle], { stdio: "pipe" });
    const app = join(bundle, "rootfs/app");
    expect(existsSync(join(app, "gone"))).toBe(false);
    expect([lstatSync(app).uid, lstatSync(join(app, "server.js")).uid]).toEqual([1000, 1000]);
    expect(await answerOfBundle(bundle)).toBe("hello v2\n");
  });

  it("has the same digest each time, and beside another tag in one layout", async () => {
    const [one, other] = [join(scratch, "one"), join(scratch, "other")];
    const first = await workshop.builder.exportOci(image, one, "v2");
    expect(await workshop.builder.exportOci(image, other, "v2")).toEqual(first);
    expect(await workshop.builder.exportOci(image, other, "latest")).toEqual(first);
    const { manifests } = JSON.parse(readFileSync(join(other, "index.json"), "utf8"));
    expect(manifests.map(({ digest }: { digest: string }) => digest)).toEqual([first.digest, first.digest]);
    expect(readdirSync(join(other, "blobs/sha256")).toSorted()).toEqual(readdirSync(join(one, "blobs/sha256")).toSorted());
  });

  it("does not go into a directory that holds something else", async () => {
    const taken = join(scratch, "taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "thesis.txt"), "x");
    await expect(workshop.builder.exportOci(image, taken, "v1")).rejects.toMatchObject({ code: "build/export-directory" });
    expect(readdirSync(taken)).toEqual(["thesis.txt"]);
  });
});

describe("a layer's archive", () => {
  it("keeps modes, owners, links, hard links and long names; whiteouts and opaque directories in OCI's form", async () => {
    const directory = join(scratch, "layer");
    mkdirSync(join(directory, "app/opaque"), { recursive: true });
    const file = (path: string, mode: number): void => writeFileSync(join(directory, path), "x", { mode });
    file("app/plain", 0o644);
    file("app/private", 0o600);
    execFileSync("sh", [
      "-c",
      `cd ${directory}/app && cp plain setuid && chown 7:8 setuid && chmod 4755 setuid && touch none && chmod 0 none`,
    ]);
    linkSync(join(directory, "app/plain"), join(directory, "app/same"));
    symlinkSync("../etc/passwd", join(directory, "app/link"));
    const long = `app/${"d".repeat(120)}/${"n".repeat(120)} ü\nx`;
    mkdirSync(join(directory, "app", "d".repeat(120)));
    file(long, 0o644);
    writeFileSync(join(directory, "app/big"), Buffer.alloc(1024 * 1024, 7));
    execFileSync("mknod", [join(directory, "app/removed"), "c", "0", "0"]);
    execFileSync("perl", [
      "-e",
      `my ($p, $n, $v) = ("${directory}/app/opaque", "trusted.overlay.opaque", "y"); syscall(188, $p, $n, $v, 1, 0) == 0 or die $!`,
    ]);
    const listing = await listed({ id: "build-x", kind: "build", title: "x", directories: [directory] });
    const named = new Map(listing.map((line) => [line.split(" ").slice(5).join(" "), line]));
    expect([...named.keys()]).toEqual(
      expect.arrayContaining(["app/.wh.removed", "app/opaque/.wh..wh..opq", "app/same link to app/plain", "app/link -> ../etc/passwd"]),
    );
    expect(named.get("app/setuid")).toMatch(/^-rwsr-xr-x 7\/8 /);
    expect(named.get("app/private")).toMatch(/^-rw------- /);
    expect(named.get("app/none")).toMatch(/^---------- /);
    expect(named.get("app/big")).toContain(" 1048576 ");
    expect(listing.some((line) => line.includes("n".repeat(120)))).toBe(true);
  });

  it("is refused with a name that is not UTF-8, by name", async () => {
    const directory = join(scratch, "bytes");
    mkdirSync(directory);
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]), "x");
    await expect(archiveLayer({ id: "app-x", kind: "app", title: "x", directories: [directory] }, scratch)).rejects.toMatchObject({
      code: "build/export-name",
    });
  });
});

/** GNU tar's own reading of it, numeric owners: mode, owner, size, date, time, name. */
async function listed(layer: Layer): Promise<readonly string[]> {
  const { digest } = await archiveLayer(layer, scratch);
  return execFileSync("tar", ["-tvzf", join(scratch, digest.slice("sha256:".length)), "--numeric-owner"], {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC" },
  })
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +/g, " "));
}

/** Runs the bundle in its own network namespace and asks from inside with the container's curl. */
async function answerOfBundle(bundle: string): Promise<string> {
  const id = `pushboat-export-${process.pid}`;
  const config = JSON.parse(readFileSync(join(bundle, "config.json"), "utf8"));
  config.process.terminal = false;
  config.process.env.push("PORT=8080");
  const command = config.process.args.at(-1);
  config.process.args = [
    "/bin/sh",
    "-c",
    `${command} & for i in $(seq 100); do curl -sf http://127.0.0.1:8080/ && exit 0; sleep 0.1; done; exit 1`,
  ];
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
  const child = spawn("runc", ["--root", join(scratch, "runc"), "run", "--bundle", bundle, id], { stdio: ["ignore", "pipe", "pipe"] });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  execFileSync("runc", ["--root", join(scratch, "runc"), "delete", "--force", id], { stdio: "ignore" });
  if (code !== 0) throw new Error(`runc ended with ${code}: ${output} ${errors}`);
  return output
    .split("\n")
    .filter((line) => line.startsWith("hello"))
    .map((line) => `${line}\n`)
    .join("");
}
