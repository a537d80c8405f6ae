/** Dockerfiles built by the real buildah in the engine's own sandbox. All tests stand on Pushboat's own base image. */
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../../core/index.ts";
import { createEngine, createSandbox } from "../../../runtime/engine/index.ts";
import { run } from "../../support/command.ts";
import { givenWorkshop, type Workshop, withMounted } from "./support/given.ts";

const BASE = "localhost/pushboat/debian:13";
const PROBE = "curl --silent --show-error --max-time 5";

let directory: string;
let engine: ReturnType<typeof createEngine>;
/** One for all tests: the storage that has the base image in it is the app's. */
let shared: Workshop;

beforeAll(async () => {
  directory = mkdtempSync("/var/tmp/pushboat-dockerfile-");
  engine = createEngine({ settings: parseSettings({ PUSHBOAT_DATA: directory }), log: { warn: () => {} } });
  await engine.prepare();
  shared = givenWorkshop({ sandbox: createSandbox({ engine }) });
});

afterAll(async () => {
  shared.remove();
  await engine.teardown();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

function given(files: Readonly<Record<string, string>>): Workshop {
  for (const name of readdirSync(shared.repository.directory))
    if (name !== ".git") rmSync(join(shared.repository.directory, name), { recursive: true });
  shared.repository.write(files);
  shared.repository.commit();
  return shared;
}

describe("a Dockerfile", () => {
  const MULTISTAGE = {
    Dockerfile: `FROM ${BASE} AS build
ARG GREETING=nobody
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/cache date >> /cache/builds && wc -l < /cache/builds > builds && cat message > out && echo "$GREETING" >> out

FROM ${BASE}
RUN useradd --uid 1234 --create-home runner && rm -rf /etc/skel && rm /etc/debian_version
WORKDIR /srv
COPY --from=build --chown=runner /src/out /src/builds ./
ENV COLOUR=blue
EXPOSE 3000
USER runner
ENTRYPOINT ["/bin/cat"]
CMD ["/srv/out"]
`,
    message: "one\n",
    ".dockerignore": "secret.txt\n",
    "secret.txt": "not for the image\n",
    "pushboat.yml": "build:\n  args:\n    GREETING: hello\n",
  };

  it("becomes layers and a config of ours: stages, arguments, cache mounts, whiteouts, USER, WORKDIR, ENV, ENTRYPOINT and CMD", async () => {
    const workshop = given(MULTISTAGE);
    const { image, lines } = await workshop.build();
    expect(image.config).toMatchObject({ uid: 1234, gid: 1234, workingDirectory: "/srv", env: { COLOUR: "blue", HOME: "/home/runner" } });
    expect(Object.keys(image.config.env).sort()).toEqual(["COLOUR", "HOME", "PATH"]);
    expect(image.processes).toEqual({ web: { form: "exec", command: ["/bin/cat", "/srv/out"] } });
    expect(image.layers[0]?.id).toMatch(/^base-/);
    expect(lines.join("\n")).toContain("EXPOSE 3000/tcp is a hint only");
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "srv/out"), "utf8")).toBe("one\nhello\n");
      expect(statSync(join(root, "srv/out")).uid).toBe(1234);
      expect(existsSync(join(root, "etc/skel"))).toBe(false);
      expect(existsSync(join(root, "etc/debian_version"))).toBe(false);
      expect(existsSync(join(root, "usr/bin/curl"))).toBe(true);
      for (const path of ["src", "srv/secret.txt", "run/pushboat/authorities.crt"])
        expect(lstatSync(join(root, path), { throwIfNoEntry: false })).toBe(undefined);
    });

    const again = await workshop.build();
    expect(again.image.digest).toBe(image.digest);
    expect(again.lines.join("\n")).toContain("reused");

    workshop.repository.write({ message: "two\n" });
    workshop.repository.commit();
    const changed = await workshop.build();
    expect(changed.lines.join("\n")).toContain("the source changed");
    expect(changed.image.layers.slice(0, 2).map(({ id }) => id)).toEqual(image.layers.slice(0, 2).map(({ id }) => id));
    await withMounted(changed.image.layers, (root) => {
      expect(readFileSync(join(root, "srv/out"), "utf8")).toBe("two\nhello\n");
      expect(readFileSync(join(root, "srv/builds"), "utf8")).toBe("2\n");
    });

    const layout = join(directory, "layout");
    await workshop.builder.exportOci(changed.image, layout, "latest");
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
    const manifest = JSON.parse(readFileSync(join(layout, "blobs/sha256", index.manifests[0].digest.slice(7)), "utf8"));
    expect(manifest.layers).toHaveLength(changed.image.layers.length);
  });

  it("gets config only where pushboat.yml names it, as a secret or a declared ARG, and no layer holds it", async () => {
    const workshop = given({
      Dockerfile: `FROM ${BASE}
ARG SHOWN
RUN --mount=type=secret,id=TOKEN sha256sum /run/secrets/TOKEN > /digest && echo "$SHOWN" | sha256sum > /shown && env > /seen
CMD sleep 1
`,
      "pushboat.yml": "build:\n  env: [TOKEN, SHOWN]\n",
    });
    const config = { TOKEN: "token-5d1c0a", SHOWN: "shown-77aa12", OTHER: "other-9ffe41" };
    const { image, lines } = await workshop.build({ config });
    expect(lines.join("\n")).not.toMatch(/token-5d1c0a|other-9ffe41/);
    expect(JSON.stringify(image)).not.toMatch(/token-5d1c0a|other-9ffe41|shown-77aa12/);
    expect(image.processes).toEqual({ web: { form: "exec", command: ["/bin/sh", "-c", "sleep 1"] } });
    const own = image.layers.slice(1).flatMap(({ directories }) => directories);
    const found = await run(["grep", "-rlE", "token-5d1c0a|other-9ffe41", ...own]);
    expect(found.stdout).toBe("");
    await withMounted(image.layers, (root) => {
      expect(readFileSync(join(root, "digest"), "utf8")).toMatch(/^[0-9a-f]{64} /);
      expect(readFileSync(join(root, "seen"), "utf8")).not.toMatch(/TOKEN|OTHER/);
    });
  });

  it("reaches neither the host's loopback, nor its addresses, nor metadata services, nor another app: by RUN or by ADD", async () => {
    let asked = 0;
    const server = createServer((_, answer) => {
      asked += 1;
      answer.end("reached");
    }).listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const own = addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
    const other = await givenOtherApp();
    try {
      const targets = [
        `127.0.0.1:${port}`,
        `localhost:${port}`,
        `${own}:${port}`,
        `169.254.1.1:${port}`,
        "169.254.169.254:80",
        `${other}:8000`,
      ];
      const probes = targets.map((target) => `if ${PROBE} http://${target}/; then echo REACHED ${target}; else echo closed ${target}; fi`);
      // The proof that a probe can succeed at all.
      const mirror = `"$(sed -n 's/^deb \\([^ ]*\\) .* main$/\\1/p' /etc/apt/sources.list | head -1)/dists/trixie/InRelease"`;
      probes.push(`if ${PROBE} --output /dev/null ${mirror}; then echo open mirror; fi`);
      const { lines } = await given({ Dockerfile: `FROM ${BASE}\nRUN ${probes.join("; ")}\nCMD true\n` }).build();
      for (const target of targets) expect(lines.some((line) => line.trim() === `closed ${target}`)).toBe(true);
      expect(lines.some((line) => line.trim() === "open mirror")).toBe(true);
      expect(lines.some((line) => /^\s*REACHED/.test(line))).toBe(false);
      for (const target of [`127.0.0.1:${port}`, `${other}:8000`]) {
        const added = given({ Dockerfile: `FROM ${BASE}\nADD http://${target}/file /file\nCMD true\n` });
        await expect(added.build()).rejects.toMatchObject({ code: "build/dockerfile-step" });
      }
      expect(asked).toBe(0);
    } finally {
      server.close();
      await engine.kill("other-app", "KILL");
      await engine.remove("other-app");
    }
  });

  it("sees nothing of the host: no data directory, no platform sockets, no other build's storage", async () => {
    const paths = [directory, shared.directory, "/run/pushboat/*", "/var/lib/pushboat", "/var/cache/pushboat", "/offered-base"];
    const probe = `for path in ${paths.join(" ")}; do if [ -e "$path" ]; then echo "FOUND $path"; fi; done; echo "map $(cat /proc/self/uid_map)"`;
    const { lines } = await given({ Dockerfile: `FROM ${BASE}\nRUN ${probe}\nCMD true\n` }).build();
    const said = lines.map((line) => line.trim());
    expect(said.filter((line) => line.startsWith("FOUND"))).toEqual(["FOUND /run/pushboat/authorities.crt"]);
    expect(said.find((line) => line.startsWith("map"))).toMatch(/^map +0 +10\d{8} +65536$/);
  });

  it.each([
    [
      "an unknown instruction",
      `FROM ${BASE}\nRUN true\nRNU make\n`,
      "build/dockerfile-syntax",
      /^Dockerfile line 3: there is no instruction "RNU"$/,
    ],
    [
      "a step that fails",
      `FROM ${BASE}\nRUN true\nRUN echo broken >&2 && \\\n  exit 7\n`,
      "build/dockerfile-step",
      /line 3: RUN echo broken .* ended with exit code 7/,
    ],
    ["a file that is not there", `FROM ${BASE}\nCOPY missing.txt /\n`, "build/dockerfile-step", /line 2: COPY missing.txt/],
    [
      "a base that nobody has",
      "FROM localhost/nobody/has:this\nCMD true\n",
      "build/base-image",
      /line 1: FROM "localhost\/nobody\/has:this" could not be fetched/,
    ],
    ["nothing to start", "FROM scratch\nCOPY Dockerfile /\n", "build/nothing-to-start", /no CMD and no ENTRYPOINT/],
    ["a user that the image does not have", `FROM ${BASE}\nUSER nobody-here\nCMD true\n`, "image/user", /nobody-here/],
  ])("with %s is refused in words that say what and where", async (_, Dockerfile, code, message) => {
    await expect(given({ Dockerfile }).build()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("that eats memory is stopped before the machine suffers, and one that never ends after its time", async () => {
    const step = { memoryBytes: 300 * 1024 * 1024, pids: 512, timeoutMs: 20_000, retryDelaysMs: [] };
    const small = givenWorkshop({ sandbox: createSandbox({ engine }), limits: { step } });
    try {
      const build = (instruction: string) => {
        small.repository.write({ Dockerfile: `FROM ${BASE}\nRUN ${instruction}\nCMD true\n` });
        small.repository.commit();
        return small.build();
      };
      await expect(build(`perl -e 'my @a; push @a, "x" x 10000000 while 1'`)).rejects.toMatchObject({ code: "build/out-of-memory" });
      await expect(build("sleep 600")).rejects.toMatchObject({ code: "build/timed-out" });
    } finally {
      small.remove();
    }
  });

  it("that pushboat.yml names and the commit does not have is an error of its own", async () => {
    const workshop = given({ "index.html": "x", "pushboat.yml": "build:\n  dockerfile: deploy/Dockerfile\n" });
    await expect(workshop.build()).rejects.toMatchObject({ code: "build/no-dockerfile" });
  });
});

/** A web server in a container of another environment; answers its address. */
async function givenOtherApp(): Promise<string> {
  const base = `/var/cache/pushboat/layers/${(await run(["sh", "-c", "ls /var/cache/pushboat/layers | grep '^base-[0-9a-f]*$' | head -1"])).stdout.trim()}`;
  const serve = `use IO::Socket; my $s = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die; while (my $c = $s->accept) { print $c "HTTP/1.0 200 OK\\r\\n\\r\\nreached"; close $c }`;
  const container = await engine.start({
    id: "other-app",
    slot: 7,
    layers: [{ id: "base", kind: "base", title: "base", directories: [base] }],
    upperDirectory: null,
    mounts: [],
    argv: ["/usr/bin/perl", "-e", serve],
    env: {},
    workingDirectory: "/",
    uid: 1000,
    gid: 1000,
    network: "app",
    memoryBytes: 64 * 1024 * 1024,
    pids: 16,
    cpuShares: 1024,
    logFile: join(directory, "other.log"),
    labels: {},
  });
  const address = container.ip ?? "";
  const answer = await run(["curl", "--silent", "--retry", "20", "--retry-delay", "0", "--retry-connrefused", `http://${address}:8000/`]);
  expect(answer.stdout).toBe("reached");
  return address;
}
