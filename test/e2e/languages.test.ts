/** Each language from `git push` to an answer, on one platform. `npm run test:languages` pushes every fixture app that has one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureApps } from "../support/fixture-apps.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";

/** One for each way to make a runtime and an image: what every run of the tests pushes. */
const ALWAYS = [
  ...["express-hello", "node-addon", "pnpm-workspace", "worker-release", "websocket-echo", "vite-static", "sveltekit-node", "plain-static"],
  ...["flask-hello", "flask-node-assets", "django-hello", "go-hello", "rust-hello", "docker-multistage"],
  ...["java-maven", "ruby-rack", "php-plain"],
];
const all = process.env["PUSHBOAT_TEST_LANGUAGES"] === "all";
const apps = fixtureApps().filter(({ name, expectation }) => expectation.answer !== null && (all || ALWAYS.includes(name)));

/** What a change of code alone takes: the file, and a layer that has to be taken as it is. */
const CODE: Readonly<Record<string, readonly [string, RegExp]>> = {
  "flask-hello": ["app.py", /dependencies: reused/],
  "flask-node-assets": ["assets/page.md", /dependencies \(Node\.js\): reused[\s\S]*dependencies: reused/],
  "go-hello": ["main.go", /go build: rebuilt: the source changed/],
  "java-maven": ["src/main/java/hello/Hello.java", /No pom.xml changed: dependencies are those of the last build/],
  "php-plain": ["index.php", /php 8.4: reused/],
  "ruby-rack": ["config.ru", /bundle install: reused/],
};

/** As a line of its own, not in the command that npm shows. */
const KEPT = /^remote: +kept by an earlier build/m;

describe("languages", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await givenPlatform();
  });
  afterAll(() => platform?.stop());

  it.each(apps)("$name is detected, built and answers", async ({ name, expectation }) => {
    const app = await platform.givenApp(name);
    const pushed = await app.push();
    expect(pushed.output).toContain(`${expectation.buildpack}: `);
    expect(pushed.code, pushed.output).toBe(0);
    if (expectation.version !== null) expect(pushed.output).toContain(` ${expectation.version}`);
    if (expectation.source !== null) expect(pushed.output).toContain(`(from ${expectation.source})`);
    await platform.expectHost(app.host).toAnswer(expectation.answer?.body ?? "");
    expect((await app.git(["ls-remote", "pushboat", "refs/heads/main"])).stdout).not.toBe("");
    await platform.ssh(`apps:destroy ${app.app} --confirm ${app.app}`);
  });

  it("a lockfile that does not agree stops the push with what to do, whatever the package manager does by itself", async () => {
    const app = await platform.givenApp("failing-lockfile");
    const pushed = await app.push();
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toContain("package.json and yarn.lock do not agree: run `yarn install`");
  });

  it("what tools keep in node_modules/.cache is there for the next build, and in no image", async () => {
    const cache = "node_modules/.cache";
    const build = `cat ${cache}/mark || true; mkdir -p ${cache} && echo kept by an earlier build > ${cache}/mark`;
    const server = `const { existsSync } = require("node:fs");
require("node:http").createServer((_, response) => response.end(\`\${existsSync("${cache}/mark")}\`)).listen(process.env.PORT);\n`;
    const app = await platform.givenApp({
      "package.json": JSON.stringify({ scripts: { build, start: "node server.js" } }),
      "server.js": server,
    });
    expect((await app.mustPush()).output).not.toMatch(KEPT);
    app.write("changed.txt", "so that it is built again");
    expect((await app.mustPush()).output).toMatch(KEPT);
    await platform.expectHost(app.host).toAnswer("false");
  });

  it.each(Object.keys(CODE))("a change of code in %s does only what it has to", async (name) => {
    const [file, reused] = CODE[name] ?? ["", /$^/];
    const app = await platform.givenApp(name, { app: `${name}-again` });
    app.write("again.txt", "not the source that another app's layers were made of\n");
    expect((await app.push()).code).toBe(0);
    app.write(file, readFileSync(join(app.directory, file), "utf8").replace("v1", "v2"));
    const pushed = await app.push();
    expect(pushed.code).toBe(0);
    expect(pushed.output).toMatch(reused);
    await platform.expectHost(app.host).toAnswer("v2");
  });
});
