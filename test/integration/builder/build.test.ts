/** Source -> Image with real git, npm, overlayfs and a real (plain) sandbox. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { DeployEvent } from "../../../core/index.ts";
import { type Built, givenWorkshop, type Workshop, withMounted } from "./support/given.ts";
import { withServing } from "./support/serving.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/apps");

const workshops: Workshop[] = [];

function given(...options: Parameters<typeof givenWorkshop>): Workshop {
  const workshop = givenWorkshop(...options);
  workshops.push(workshop);
  return workshop;
}

afterEach(() => {
  for (const workshop of workshops.splice(0)) workshop.remove();
});

/** `dependencies: reused (nothing that it sees changed)` for each layer. */
function layerLines({ events }: Built): readonly string[] {
  return events
    .filter((event): event is DeployEvent & { kind: "layer" } => event.kind === "layer")
    .map(({ title, reused, reason }) => `${title.replace(/\d+(\.\d+)+/, "VERSION")}: ${reused ? "reused" : "built"} (${reason})`)
    .map((line) => line.replace("built (first use on this machine)", "reused (same version)"));
}

/** An app without dependencies from a registry. */
const SERVER = `require("node:http").createServer((_, answer) => answer.end("hello")).listen(process.env.PORT);`;
const app = (fields: object = {}): Readonly<Record<string, string>> => ({
  "package.json": JSON.stringify({ name: "tiny", version: "1.0.0", scripts: { start: "node server.js" }, ...fields }),
  "server.js": SERVER,
});
const leftDrafts = (workshop: Workshop): readonly string[] => readdirSync(join(workshop.directory, "data/builds"));

describe("an Express app with a lockfile", () => {
  it("is built into base, language, dependencies and app, and answers", async () => {
    const workshop = given();
    workshop.repository.copy(join(FIXTURES, "express-hello"));
    workshop.repository.commit();
    const { image } = await workshop.build();
    expect(image.layers.map(({ kind }) => kind)).toEqual(["base", "language", "dependencies", "app"]);
    await withServing(image, async (url) => expect(await (await fetch(url)).text()).toBe("hello v1\n"));
    expect(leftDrafts(workshop)).toEqual([]);
  });

  it("starts no container for a push of code, and says what was reused", async () => {
    const workshop = given();
    workshop.repository.copy(join(FIXTURES, "express-hello"));
    const first = workshop.repository.commit();
    expect(layerLines(await workshop.build())).toEqual([
      "node VERSION: reused (same version)",
      "app: built (5 files)",
      "dependencies: built (first build)",
    ]);
    expect(workshop.sandbox.runs.length).toBe(1);
    workshop.repository.write({ "version.js": 'export default "v2";\n' });
    workshop.repository.commit();
    const second = await workshop.build({ previousCommit: first });
    expect(workshop.sandbox.runs.length).toBe(1);
    expect(layerLines(second)).toEqual([
      "node VERSION: reused (same version)",
      "app: built (1 file changed)",
      "dependencies: reused (nothing that it sees changed)",
    ]);
    expect(second.image.layers.at(-1)?.directories.length).toBe(2);
  });

  it("installs again when the lockfile changes, and names it; not when a script does", async () => {
    const workshop = given();
    workshop.repository.copy(join(FIXTURES, "express-hello"));
    workshop.repository.commit();
    await workshop.build();
    const file = join(workshop.repository.directory, "package.json");
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    workshop.repository.write({ "package.json": JSON.stringify({ ...manifest, scripts: { ...manifest.scripts, lint: "true" } }) });
    workshop.repository.commit();
    expect(layerLines(await workshop.build()).at(-1)).toBe("dependencies: reused (nothing that it sees changed)");
    const lock = readFileSync(join(workshop.repository.directory, "package-lock.json"), "utf8");
    workshop.repository.write({ "package-lock.json": `${lock}\n` });
    workshop.repository.commit();
    const again = await workshop.build();
    expect(layerLines(again).at(-1)).toBe("dependencies: built (package-lock.json changed)");
    expect(again.lines.join("\n")).toMatch(/^ {7}dependencies: rebuilt: package-lock\.json changed \([\d.]+ m?s\)$/m);
  });

  it("gives the same image for the same commit, and for the same files in another commit", async () => {
    const workshop = given();
    workshop.repository.copy(join(FIXTURES, "express-hello"));
    workshop.repository.commit();
    const first = await workshop.build();
    workshop.repository.commit("nothing changed");
    const [again, meanwhile] = await Promise.all([workshop.build(), workshop.build()]);
    expect([again.image, meanwhile.image]).toEqual([first.image, first.image]);
    expect(await workshop.builder.image(first.image.digest)).toEqual(first.image);
  });
});

describe("a static site", () => {
  it("built by Vite holds its output and nothing else, and falls back to its page", async () => {
    const workshop = given();
    workshop.repository.copy(join(FIXTURES, "vite-static"));
    workshop.repository.commit();
    const { image } = await workshop.build();
    expect(image.layers.map(({ kind }) => kind)).toEqual(["base", "language", "build"]);
    await withMounted(image.layers, (root) => expect(readdirSync(join(root, "app"))).toEqual(["site"]));
    await withServing(image, async (url) => {
      const page = await fetch(`${url}/some/route`);
      expect(page.status).toBe(200);
      const html = await page.text();
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? "no script";
      const asset = await fetch(url + script);
      expect([asset.status, asset.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
      expect((await fetch(url + script, { headers: { "if-none-match": asset.headers.get("etag") ?? "" } })).status).toBe(304);
    });
  });

  it("of plain files answers 404 for what is not there, serves gzip files, and no dot files", async () => {
    const workshop = given();
    workshop.repository.write({
      "index.html": "<h1>hi</h1>",
      "app.js": "plain",
      "app.js.gz": Buffer.from("1f8b0800", "hex"),
      ".env": "SECRET=1",
      "about.html": "about",
    });
    workshop.repository.commit();
    const { image } = await workshop.build();
    await withServing(image, async (url) => {
      const status = async (path: string): Promise<number> => (await fetch(url + path)).status;
      expect(await Promise.all([status("/"), status("/nothing"), status("/.env"), status("/.git/config"), status("/about")])).toEqual([
        200, 404, 404, 404, 200,
      ]);
      const zipped = await fetch(`${url}/app.js`, { headers: { "accept-encoding": "gzip" } }).catch(() => null);
      expect(zipped?.headers.get("content-encoding")).toBe("gzip");
    });
  });

  it("answers a changed file of the same size with its new content to a browser that has the old one", async () => {
    const workshop = given();
    workshop.repository.write({ "index.html": "one" });
    const first = workshop.repository.commit();
    const before = await workshop.build();
    const tag = await withServing(before.image, async (url) => {
      const { headers } = await fetch(url);
      // a file's date is made of its content: browsers that guess from it would not ask again for years
      expect(headers.get("cache-control")).toBe("public, max-age=0, must-revalidate");
      return headers.get("etag") ?? "";
    });
    workshop.repository.write({ "index.html": "two" });
    workshop.repository.commit();
    const after = await workshop.build({ previousCommit: first });
    await withServing(after.image, async (url) =>
      expect(await (await fetch(url, { headers: { "if-none-match": tag } })).text()).toBe("two"),
    );
  });
});

describe("a build step", () => {
  it("that fails names itself and its last lines, and leaves nothing behind", async () => {
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: "echo one; echo two >&2; exit 3" } }));
    workshop.repository.commit();
    await expect(workshop.build()).rejects.toMatchObject({
      code: "build/step-failed",
      message: "npm run build ended with exit code 3",
      hint: expect.stringContaining("  two"),
    });
    expect(leftDrafts(workshop)).toEqual([]);
  });

  it("writes into a layer of its own above the app", async () => {
    const workshop = given();
    workshop.repository.write({
      ...app({
        scripts: {
          start: "node .",
          build: "mkdir -p out node_modules/.cache && rm gone.txt && echo made > out/file && echo x > node_modules/.cache/y",
        },
      }),
      "gone.txt": "x",
    });
    workshop.repository.commit();
    const { image } = await workshop.build();
    expect(image.layers.map(({ kind }) => kind)).toEqual(["base", "language", "app", "build"]);
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "app/out/file"), "utf8")).toBe("made\n");
      expect(existsSync(join(root, "app/gone.txt"))).toBe(false);
      expect(existsSync(join(root, "app/node_modules/.cache"))).toBe(false);
      expect(existsSync(join(root, "tmp/home"))).toBe(false);
    });
  });

  it("that leaves a link where a directory was expected touches nothing of the host", async () => {
    const victim = mkdtempSync(join(tmpdir(), "pushboat-victim-"));
    mkdirSync(join(victim, ".cache"));
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: `ln -s ${victim} node_modules` } }));
    workshop.repository.commit();
    await workshop.build();
    expect(existsSync(join(victim, ".cache"))).toBe(true);
    rmSync(victim, { recursive: true });
  });

  it("whose output is a link to elsewhere has no output", async () => {
    const workshop = given();
    workshop.repository.write({ "package.json": JSON.stringify({ scripts: { build: "ln -s /etc dist" } }) });
    workshop.repository.commit();
    await expect(workshop.build()).rejects.toMatchObject({ code: "build/no-output" });
  });

  it("with a postinstall script sees the whole tree, and dev dependencies are gone from the image", async () => {
    const workshop = given();
    const local = (name: string) => ({
      [`packages/${name}/package.json`]: JSON.stringify({ name, version: "1.0.0", bin: { [name]: "./run.js" } }),
      [`packages/${name}/run.js`]: "#!/usr/bin/env node\nconsole.log('run')\n",
    });
    workshop.repository.write({
      ...app({
        scripts: { start: "node .", postinstall: "tool && cp data.txt generated.txt" },
        dependencies: { lib: "file:packages/lib" },
        devDependencies: { tool: "file:packages/tool" },
      }),
      ...local("lib"),
      ...local("tool"),
      "data.txt": "from the tree",
    });
    workshop.repository.commit();
    const { image, lines } = await workshop.build();
    expect(lines.join("\n")).toContain(
      "Dependencies are installed again with every change of any file: package.json has a postinstall script",
    );
    expect(image.layers.map(({ kind }) => kind)).toEqual(["base", "language", "app", "dependencies", "dependencies"]);
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "app/generated.txt"), "utf8")).toBe("from the tree");
      expect(readdirSync(join(root, "app/node_modules")).filter((name) => !name.startsWith("."))).toEqual(["lib"]);
    });
  });

  it("ends when the build is cancelled", async () => {
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: "sleep 60" } }));
    workshop.repository.commit();
    const cancel = new AbortController();
    const building = workshop.build({ signal: cancel.signal });
    const started = async (): Promise<void> => {
      while (workshop.sandbox.runs.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await started();
    cancel.abort(new Error("cancelled by test"));
    await expect(building).rejects.toThrow("cancelled by test");
    expect(leftDrafts(workshop)).toEqual([]);
  });
});

describe("a push with no-cache", () => {
  it("makes every layer but base and language anew, and later pushes use the new ones", async () => {
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: "date +%N > stamp" } }));
    workshop.repository.commit();
    const first = await workshop.build();
    const fresh = await workshop.build({ noCache: true });
    expect(layerLines(fresh)).toEqual([
      "node VERSION: reused (same version)",
      "app: built (2 files)",
      "npm run build: built (a push with no-cache is new)",
    ]);
    expect(fresh.image.digest).not.toBe(first.image.digest);
    const after = await workshop.build();
    expect(after.image).toEqual(fresh.image);
  });
});

describe("a forecast", () => {
  it("says what would be reused and why not, and builds nothing", async () => {
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: "true" } }));
    workshop.repository.commit();
    expect((await workshop.forecast()).slice(-4)).toEqual([
      expect.stringMatching(/^node [\d.]+: would be reused/),
      "app: would be built (first build)",
      "npm run build: would be built (first build)",
      "web: node .",
    ]);
    expect(workshop.sandbox.runs).toEqual([]);
    await workshop.build();
    expect((await workshop.forecast()).filter((line) => line.includes("would be"))).toEqual(
      expect.arrayContaining(["app: would be reused", "npm run build: would be reused"]),
    );
  });
});

describe("the store", () => {
  it("refuses a build when the disk is nearly full", async () => {
    const workshop = given({ limits: { freeDiskPercent: 100.1 } });
    workshop.repository.write(app());
    workshop.repository.commit();
    await expect(workshop.build()).rejects.toMatchObject({ code: "build/disk-full" });
  });

  it("frees what no kept image needs, and what is kept still runs", async () => {
    let now = Date.now();
    const workshop = given({ now: () => now });
    workshop.repository.write({ ...app(), "one.txt": "1" });
    const first = workshop.repository.commit();
    const old = await workshop.build();
    workshop.repository.write({ "two.txt": "2".repeat(100_000) });
    workshop.repository.commit();
    const current = await workshop.build({ previousCommit: first });
    workshop.repository.write({ "three.txt": "3".repeat(100_000) });
    workshop.repository.commit();
    const failed = await workshop.build({ previousCommit: current.commit });
    expect((await workshop.builder.sweep([current.image.digest])).removed).toEqual([]);
    now += 3600_000;
    // Within the budget it stays: going back to it costs nothing.
    expect((await workshop.builder.sweep([current.image.digest])).removed).toEqual([]);
    const swept = await workshop.builder.sweep([current.image.digest], 0);
    expect(swept.removed.toSorted()).toEqual([old, failed].map(({ image }) => image.layers.at(-1)?.id).toSorted());
    expect(swept.freedBytes).toBeGreaterThan(90_000);
    expect(await workshop.builder.image(old.image.digest)).toBeNull();
    await withMounted(current.image.layers, (root) =>
      expect(readdirSync(join(root, "app")).toSorted()).toEqual(["one.txt", "package.json", "server.js", "two.txt"]),
    );
    expect((await workshop.builder.sweep([], 0)).removed.length).toBe(1);
    expect(readdirSync(join(workshop.directory, "data/layers")).filter((name) => !name.startsWith("."))).toEqual([]);
  });

  it("frees what a killed build left, and the downloads of an app that is gone, of no other", async () => {
    let now = Date.now();
    const workshop = given({ now: () => now });
    workshop.repository.write(app({ scripts: { start: "node .", build: "true" } }));
    workshop.repository.commit();
    const { image } = await workshop.build();
    // As a build leaves it whose process was killed.
    mkdirSync(join(workshop.directory, "data/builds/step-left/upper/app"), { recursive: true });
    await workshop.builder.sweep([image.digest]);
    expect(leftDrafts(workshop)).toEqual(["step-left"]);
    const cached = (): readonly string[] => readdirSync(join(workshop.directory, "data/cache/npm"));
    now += 2 * 3600_000;
    await workshop.builder.sweep([image.digest]);
    expect([cached(), leftDrafts(workshop)]).toEqual([["blog"], []]);
    await workshop.builder.sweep([]);
    expect(cached()).toEqual([]);
  });

  it("makes a layer again whose directory was lost", async () => {
    const workshop = given();
    workshop.repository.write(app());
    workshop.repository.commit();
    const before = await workshop.build();
    rmSync(before.image.layers.at(-1)?.directories[0] ?? "", { recursive: true });
    const after = await workshop.build();
    expect(layerLines(after)).toContain("app: built (2 files)");
    expect(existsSync(join(after.image.layers.at(-1)?.directories[0] ?? "", "app/server.js"))).toBe(true);
  });

  it("gives a branch production's cache to begin with, and never shows production what the branch wrote", async () => {
    const workshop = given();
    const build = async (environment: string, name: string) => {
      workshop.repository.write({
        ...app(),
        "name.txt": name,
        "pushboat.yml":
          "build:\n  cache: [kept]\n  command: echo found $(cat kept/log); cat name.txt >> kept/log; ln -f kept/log kept/$(cat name.txt)\n",
      });
      workshop.repository.commit();
      const { lines } = await workshop.build({ environment: environment as never });
      return lines.map((line) => line.trim()).find((line) => line.startsWith("found"));
    };
    expect(await build("blog", "production,")).toBe("found");
    expect(await build("blog@feature", "branch,")).toBe("found production,");
    expect(await build("blog@other", "other,")).toBe("found production,branch,");
    expect(await build("blog", "again,")).toBe("found production,");
    expect(leftDrafts(workshop)).toEqual([]);
  });

  it("lets the caches go that were not used lately when they are over their budget, and no layer with them", async () => {
    let hours = 0;
    const workshop = given({ limits: { cacheBudgetBytes: 4096 }, now: () => Date.now() + hours * 3_600_000 });
    workshop.repository.write({
      ...app(),
      "pushboat.yml": "build:\n  cache: [kept]\n  command: head -c 100000 /dev/urandom > kept/large; echo found > result\n",
    });
    workshop.repository.commit();
    const { image } = await workshop.build();
    const cached = () => readdirSync(join(workshop.directory, "data/cache/app-kept/blog"));
    await workshop.builder.sweep([image.digest]);
    expect(cached()).toEqual(["production"]);
    hours = 1;
    await workshop.builder.sweep([image.digest]);
    expect(cached()).toEqual([]);
    await withMounted(image.layers, (root) => expect(readFileSync(join(root, "app/result"), "utf8")).toBe("found\n"));
    await workshop.build({ noCache: true });
    expect(cached()).toEqual(["production"]);
  });

  it("keeps branches' npm downloads apart from production's", async () => {
    const workshop = given();
    workshop.repository.write(app({ scripts: { start: "node .", build: "true" } }));
    workshop.repository.commit();
    await workshop.build();
    await workshop.build({ environment: "blog@feature" as never, noCache: true });
    expect(workshop.sandbox.runs.map(({ binds }) => binds[0]?.source.split("/").slice(-2).join("/"))).toEqual([
      "blog/production",
      "blog/branches",
    ]);
  });
});

describe("a secret that a build may see", () => {
  it("is in no layer, record or cache afterwards, and one that it may not see is not there", async () => {
    const workshop = given();
    workshop.repository.write({
      ...app(),
      "pushboat.yml": 'build:\n  env: [TOKEN]\n  cache: [kept]\n  command: test -n "$TOKEN" && test -z "$OTHER" && echo found > result\n',
    });
    workshop.repository.commit();
    const secrets = { TOKEN: "asked-for-9b1c7e", OTHER: "not-asked-for-5d20aa" };
    const { image } = await workshop.build({ config: secrets });
    await withMounted(image.layers, (root) => expect(readFileSync(join(root, "app/result"), "utf8")).toBe("found\n"));
    const found = spawnSync("grep", ["-rlaE", Object.values(secrets).join("|"), join(workshop.directory, "data")], { encoding: "utf8" });
    expect([found.status, found.stdout]).toEqual([1, ""]);
  });
});

describe("a repository with trouble in it", () => {
  it("with a link to /etc/shadow and a file called -rf is built as it is", async () => {
    const workshop = given();
    workshop.repository.write({ ...app(), "-rf": "x" });
    symlinkSync("/etc/shadow", join(workshop.repository.directory, "package-lock.json"));
    writeFileSync(join(workshop.repository.directory, "new\nline"), "x");
    workshop.repository.commit();
    const { image } = await workshop.build();
    await withMounted(image.layers, (root) =>
      expect(readdirSync(join(root, "app")).toSorted()).toEqual(["-rf", "new\nline", "package-lock.json", "package.json", "server.js"]),
    );
  });

  it("with a package.json that is a link does not read what it points at", async () => {
    const workshop = given();
    symlinkSync("/etc/passwd", join(workshop.repository.directory, "package.json"));
    workshop.repository.commit();
    await expect(workshop.build()).rejects.toMatchObject({ code: "build/no-buildpack" });
  });

  it("without any commit of that name says so", async () => {
    const workshop = given();
    workshop.repository.write(app());
    workshop.repository.commit();
    await expect(workshop.build({ commit: "0".repeat(40) as never })).rejects.toMatchObject({ code: "build/commit-missing" });
  });
});
