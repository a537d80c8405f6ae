/** Images from files, taken by the real skopeo in the engine's own sandbox. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeployEvent, type ImageSource, parseAppName, parseEnvironmentName, parseSettings } from "../../../core/index.ts";
import { createEngine, createSandbox } from "../../../runtime/engine/index.ts";
import { run } from "../../support/command.ts";
import { givenWorkshop, type Workshop, withMounted } from "./support/given.ts";

let directory: string;
let engine: ReturnType<typeof createEngine>;
let workshop: Workshop;

beforeAll(async () => {
  directory = mkdtempSync("/var/tmp/pushboat-import-");
  engine = createEngine({ settings: parseSettings({ PUSHBOAT_DATA: directory }), log: { warn: () => {} } });
  await engine.prepare();
  workshop = givenWorkshop({ sandbox: createSandbox({ engine }) });
});

afterAll(async () => {
  workshop.remove();
  await engine.teardown();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

function take(source: ImageSource) {
  const events: DeployEvent[] = [];
  const image = workshop.builder.importImage({
    app: parseAppName("blog"),
    environment: parseEnvironmentName("blog").name,
    source,
    logins: [],
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  return { image, events };
}

/** `docker save` without Docker: two layers by hand, the upper one with whiteouts. */
async function givenDockerArchive(): Promise<string> {
  const files = join(directory, "files");
  const [lower, upper] = [join(files, "lower"), join(files, "upper")];
  for (const path of [join(lower, "etc"), join(lower, "gone"), join(lower, "dir"), join(upper, "dir"), join(upper, "dev")])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(lower, "etc/passwd"), "root:x:0:0::/root:/bin/sh\nme:x:4321:4322::/home/me:/bin/sh\n");
  writeFileSync(join(lower, "gone/file"), "1");
  writeFileSync(join(lower, "dir/old"), "1");
  writeFileSync(join(upper, ".wh.gone"), "");
  writeFileSync(join(upper, "dir/.wh..wh..opq"), "");
  writeFileSync(join(upper, "dir/new"), "2");
  const archive = join(directory, "archive");
  mkdirSync(archive);
  const script = `
cd ${files}
mknod upper/dev/disk b 8 0
tar -C lower -cf ${archive}/1.tar . && tar -C upper -cf ${archive}/2.tar .
cd ${archive}
printf '{"architecture":"amd64","os":"linux","config":{"User":"me","Env":["A=1"],"Cmd":["/bin/app"],"WorkingDir":"/dir"},"rootfs":{"type":"layers","diff_ids":["sha256:%s","sha256:%s"]}}' "$(sha256sum < 1.tar | cut -c-64)" "$(sha256sum < 2.tar | cut -c-64)" > config.json
printf '[{"Config":"config.json","RepoTags":["blog:latest"],"Layers":["1.tar","2.tar"]}]' > manifest.json
tar -cf ../blog.tar config.json manifest.json 1.tar 2.tar`;
  const made = await run(["sh", "-ec", script]);
  if (made.code !== 0) throw new Error(made.output);
  return join(directory, "blog.tar");
}

describe("an image from a file", () => {
  it("is taken with its whiteouts, user and command; exported and taken again it has the same layers", async () => {
    const path = await givenDockerArchive();
    const image = await take({ kind: "docker-archive", path, name: null }).image;
    expect(image.config).toEqual({ env: { HOME: "/home/me", A: "1" }, workingDirectory: "/dir", uid: 4321, gid: 4322 });
    expect(image.processes).toEqual({ web: { form: "exec", command: ["/bin/app"] } });
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "dir/new"), "utf8")).toBe("2");
      for (const gone of ["gone", "dir/old", "dev/disk"]) expect(existsSync(join(root, gone))).toBe(false);
    });

    const again = take({ kind: "docker-archive", path, name: "blog:latest" });
    expect((await again.image).digest).toBe(image.digest);
    expect(again.events.filter((event) => event.kind === "layer").map(({ reused }) => reused)).toEqual([true, true]);

    const layout = join(directory, "layout");
    await workshop.builder.exportOci(image, layout, "v1");
    const back = await take({ kind: "oci", path: layout, name: "v1" }).image;
    expect(back.config).toMatchObject({ uid: 4321, workingDirectory: "/dir" });
    await withMounted(back.layers, (root) => {
      expect(lstatSync(join(root, "gone"), { throwIfNoEntry: false })).toBe(undefined);
      expect(existsSync(join(root, "dir/old"))).toBe(false);
    });
  });

  it.each([
    ["that is not there", (): ImageSource => ({ kind: "oci-archive", path: join(directory, "none.tar"), name: null }), "image/no-file"],
    ["that is no image", (): ImageSource => ({ kind: "oci-archive", path: "/etc/hostname", name: null }), "image/fetch"],
    // Addresses of the host and of private networks are closed to the whole of skopeo.
    ["of a registry on this machine", (): ImageSource => ({ kind: "docker", reference: "127.0.0.1:5000/team/blog:v1" }), "image/fetch"],
  ])("%s is refused by name", async (_, source, code) => {
    await expect(take(source()).image).rejects.toMatchObject({ code });
  });
});
