/** Branch environments in depth: where their config comes from, promotion, passwords, sleep, an end, keys that are limited, one state after a race. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, givenClient } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const APP_JSON = JSON.stringify({
  env: { SECRET_KEY_BASE: { generator: "secret" }, EXTRA: { required: false } },
  environments: {
    review: { env: { MODE: "review", SECRET_KEY_BASE: { generator: "secret" } }, scripts: { postdeploy: "echo seeded $MODE" } },
  },
});

describe("a branch environment", () => {
  let platform: Platform;
  let app: WorkingCopy;
  const env = async (host: string, key: string) => (await platform.http(`${host}.localhost`, `/env/${key}`)).body;
  const json = async <T>(command: string): Promise<T> => JSON.parse((await platform.ssh(`${command} --json`)).stdout) as T;
  const state = async (name: string) =>
    (await json<{ name: string; state: string }[]>("envs blog")).find((one) => one.name === name)?.state;

  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "1000", PUSHBOAT_STOP_TIMEOUT_MS: "3000" } });
    app = await platform.givenApp(tinyApp("one", { "app.json": APP_JSON }), { app: "blog" });
    expect((await app.push()).code).toBe(0);
    await platform.ssh("config:set blog DATABASE=production");
    await platform.ssh("config:set --shared blog MAPS=shared");
  });
  afterAll(() => platform?.stop());

  it("gets what the commit says, generated secrets and shared keys, each with its source, and postdeploy runs once", async () => {
    const pushed = await app.push("feature-x");
    expect(pushed.stderr).toContain("seeded review");
    expect([await env("feature-x--blog", "MODE"), await env("feature-x--blog", "MAPS")]).toEqual(["review", "shared"]);
    expect((await platform.http("feature-x--blog.localhost", "/env/DATABASE")).status).toBe(404);
    const secret = await env("feature-x--blog", "SECRET_KEY_BASE");
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const shown = (await platform.ssh("config blog@feature-x")).stdout;
    expect(shown).toMatch(/MODE:\s+review\s+\(app\.json or pushboat\.yml\)/);
    expect(shown).toMatch(/MAPS:\s+shared\s+\(shared by production\)/);
    app.write("other.txt", "x");
    expect((await app.push("feature-x")).stderr).not.toContain("seeded");
    expect(await env("feature-x--blog", "SECRET_KEY_BASE")).toBe(secret);
  });

  it("fails its push before the build where a required key is missing, with the command to set it", async () => {
    app.write("app.json", JSON.stringify({ environments: { review: { env: { TOKEN: { required: true } } } } }));
    const refused = await app.push("needy");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("config:set blog@needy TOKEN=...");
    expect(refused.stderr).not.toContain("Building layers");
    app.write("app.json", APP_JSON);
    await app.commit();
  });

  it("is promoted as the very same image with production's config, and compared by keys", async () => {
    app.write("text.js", 'module.exports = "two";\n');
    expect((await app.push("staging")).code).toBe(0);
    const diff = await json<{ config: { onlyLeft: string[]; onlyRight: string[] }; layers: { title: string; same: boolean }[] }>(
      "envs:diff blog@staging blog",
    );
    expect(diff.config).toMatchObject({ onlyLeft: ["MODE", "SECRET_KEY_BASE"], onlyRight: ["DATABASE"] });
    expect(diff.layers.filter(({ same }) => !same).map(({ title }) => title)).toEqual(["app"]);
    expect((await platform.ssh("promote blog@staging blog")).code).toBe(0);
    await platform.expectHost("blog.localhost").toAnswer("two");
    expect(await env("blog", "DATABASE")).toBe("production");
    const [images, newest] = [
      await json<{ image: string }[]>("releases blog@staging"),
      await json<{ image: string; description: string }[]>("releases blog"),
    ];
    expect(newest[0]).toMatchObject({ image: images[0]?.image, description: "Promote blog@staging v1" });
  });

  it("is made without a push from another environment and from a release", async () => {
    expect((await platform.ssh("envs:create blog@demo --from blog@staging")).code).toBe(0);
    await platform.expectHost("demo--blog.localhost").toAnswer("two");
    expect((await platform.ssh("envs:create blog@pr-12 --image v1")).code).toBe(0);
    await platform.expectHost("pr-12--blog.localhost").toAnswer("one");
    expect((await platform.ssh("envs:destroy blog@pr-12 --confirm blog@pr-12")).code).toBe(0);
  });

  it("asks for a password where it is protected, and keeps search engines out", async () => {
    const [, password] = /Password:\s+(\S+)/.exec((await platform.ssh("envs:protect blog@staging")).stdout) ?? [];
    const asked = await platform.http("staging--blog.localhost");
    expect([asked.status, asked.headers["www-authenticate"]]).toEqual([401, 'Basic realm="blog@staging", charset="UTF-8"']);
    const authorization = `Basic ${Buffer.from(`blog:${password}`).toString("base64")}`;
    const answered = await platform.http("staging--blog.localhost", "/headers", { headers: { authorization } });
    expect([answered.status, answered.headers["x-robots-tag"]]).toEqual([200, "noindex"]);
    expect(answered.body).not.toContain("authorization");
    expect((await platform.http("blog.localhost")).headers["x-robots-tag"]).toBeUndefined();
  });

  it.each(["stop", "freeze"])(
    "sleeps by %s when nobody visits it, wakes for the first request, and a refused one does not wake it",
    async (how) => {
      await platform.ssh(`apps:set blog sleep ${how}`);
      await platform.ssh("apps:set blog sleep-after 5s");
      await eventually(
        "both sleep",
        async () => [await state("blog@staging"), await state("blog@demo")].every((one) => one === "asleep"),
        40_000,
      );
      expect((await platform.ssh("ps blog@demo")).stdout).toContain("web.1: idle");
      await platform.ssh("apps:set blog sleep-after never");
      expect((await platform.http("staging--blog.localhost")).status).toBe(401);
      expect((await platform.http("demo--blog.localhost")).body).toBe("two\n");
      expect([await state("blog@demo"), await state("blog@staging")]).toEqual(["up", "asleep"]);
    },
  );

  it("ends when nobody pushed for its time to live, unless it is kept", async () => {
    await platform.ssh("envs:keep blog@staging");
    await platform.ssh("apps:set blog branch-ttl 1s");
    await eventually(
      "the others end",
      async () => (await json<{ name: string }[]>("envs blog")).map(({ name }) => name).join() === "blog,blog@staging",
      60_000,
    );
    await platform.ssh("apps:set blog branch-ttl 5d");
    expect((await app.git(["ls-remote", "pushboat"])).stdout).not.toContain("feature-x");
  });

  it("can be pushed with a key that is limited to such branches, which may nothing else", async () => {
    const limited: Client = await givenClient(`${platform.client.home}-limited`, "limited");
    await platform.ssh("keys:add limited --app blog --branches 'feature/*' --role deploy", { stdin: limited.publicKey });
    const push = (branch: string) => limited.git(["push", app.remoteUrl, `HEAD:refs/heads/${branch}`], { cwd: app.directory });
    expect((await push("feature/a")).code).toBe(0);
    const refused = await push("main");
    expect(refused.stderr).toContain("this key is for branches like feature/*");
    const asked = (command: string) => limited.ssh(platform.ports.ssh, command);
    expect((await asked("config blog")).stderr).toContain("[access/denied]");
    expect((await asked("keys")).stderr).toContain("it takes the role admin");
    expect((await asked("ps blog@feature/a")).code).toBe(0);
    const trail = await json<{ who: string; action: string; target: string }[]>("audit blog");
    expect(trail.some(({ who, action, target }) => who === "limited" && action === "push" && target.startsWith("blog@feature/a "))).toBe(
      true,
    );
  });

  it("tells a hook of its life", async () => {
    const events: string[] = [];
    const server = createServer((request, response) => {
      events.push(String(request.headers["x-pushboat-event"]));
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await platform.ssh(`hooks:add blog http://127.0.0.1:${(server.address() as AddressInfo).port}/ --events deploy,env`);
      expect((await app.push("told")).code).toBe(0);
      expect((await app.git(["push", "pushboat", "--delete", "told"])).code).toBe(0);
      await eventually("all was told", async () => {
        expect(events.sort()).toEqual(["deploy.live", "env.created", "env.destroyed"]);
        return true;
      });
    } finally {
      server.close();
    }
  });

  it("ends in one consistent state when it is pushed, deleted, pushed again and destroyed at once", async () => {
    const push = () => app.git(["push", "pushboat", "HEAD:refs/heads/raced", "--force"]);
    await push();
    await Promise.all([
      push(),
      app.git(["push", "pushboat", "--delete", "raced"]),
      push(),
      platform.ssh("envs:destroy blog@raced --confirm blog@raced"),
    ]);
    await eventually("nothing is under way", async () => {
      expect(await state("blog@raced")).not.toBe("deploying");
      return true;
    });
    const exists = (await state("blog@raced")) !== undefined;
    const ref = (await app.git(["ls-remote", "pushboat", "refs/heads/raced"])).stdout !== "";
    const { status } = await platform.http("raced--blog.localhost");
    expect([ref, status === 200]).toEqual([exists, exists]);
    expect((await app.git(["push", "pushboat", "HEAD:refs/heads/raced", "--force"])).code).toBe(0);
    await platform.expectHost("raced--blog.localhost").toAnswer("two");
  });
});
