/** Apps that find each other by name: only their own, and those they were linked to; whether control lives or not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { givenPlatform, type Platform } from "../support/platform.ts";
import { tinyApp } from "../support/tiny-app.ts";
import type { WorkingCopy } from "../support/working-copy.ts";

const PORT = 5000;

describe("links", () => {
  let platform: Platform;
  let blog: WorkingCopy;
  let shop: WorkingCopy;
  const must = async (command: string): Promise<string> => {
    const ended = await platform.ssh(command);
    if (ended.code !== 0) throw new Error(ended.output);
    return ended.stdout.trim();
  };
  /** What an instance of web gets when it fetches from there. */
  const fetched = async (from: WorkingCopy, host: string): Promise<string> =>
    (await platform.http(from.host, `/fetch?url=${encodeURIComponent(`http://${host}:${PORT}/`)}`)).body.trim();
  const addressOf = async (app: string): Promise<string> => {
    const shown = JSON.parse(await must(`ps ${app} --json`)) as readonly { type: string; address: string | null }[];
    return shown.find(({ type }) => type === "web")?.address?.split(":")[0] ?? "none";
  };

  beforeAll(async () => {
    platform = await givenPlatform({ settings: { PUSHBOAT_DRAIN_TIMEOUT_MS: "500", PUSHBOAT_STOP_TIMEOUT_MS: "1000" } });
    blog = await platform.givenApp(tinyApp("I am blog"), { app: "blog" });
    shop = await platform.givenApp(tinyApp("I am shop"), { app: "shop" });
    await blog.mustPush();
    await shop.mustPush();
    // `up` does not wait for the name server, which starts beside control
    await eventually("names are answered", async () => (await fetched(blog, "web.internal")) === "reached I am blog");
  });
  afterAll(() => platform?.stop());

  it("an app reaches its own instances by name, and no other app: neither its name nor its address", async () => {
    expect(await fetched(blog, "web.blog.internal")).toBe("reached I am blog");
    expect(await fetched(blog, "web.internal")).toBe("reached I am blog");
    expect(await fetched(blog, "web.shop.internal")).toBe("unreachable ENOTFOUND");
    expect(await fetched(blog, "nothing.blog.internal")).toBe("unreachable ENOTFOUND");
    expect(await fetched(blog, await addressOf("shop"))).toMatch(/^unreachable/);
  });

  it("instances of one app reach each other, each by its address", async () => {
    await must("ps:scale blog web=2");
    const looked = await must(
      `ps:exec blog web.1 -- node -e 'require("dns").promises.resolve4("web.blog.internal").then(async all => { for (const ip of all) console.log(ip, await (await fetch("http://" + ip + ":${PORT}/")).text()) })'`,
    );
    const lines = looked.split("\n").filter((line) => line !== "");
    expect(lines).toHaveLength(2);
    expect(new Set(lines.map((line) => line.split(" ")[0])).size).toBe(2);
    await must("ps:scale blog web=1");
  });

  it("a link opens one way, at once, and follows deploys", async () => {
    await must("links:add blog shop");
    expect(await must("links blog")).toBe("shop");
    await eventually("the name is there", async () => (await fetched(blog, "web.shop.internal")) === "reached I am shop");
    expect(await fetched(shop, "web.blog.internal")).toBe("unreachable ENOTFOUND");
    expect(await fetched(shop, await addressOf("blog"))).toMatch(/^unreachable/);
    shop.write("text.js", 'module.exports = "I am the new shop";\n');
    await shop.mustPush();
    await eventually("the new one answers", async () => (await fetched(blog, "web.shop.internal")) === "reached I am the new shop");
    const inRun = await platform.ssh(
      `run blog -- node -e 'fetch("http://web.shop.internal:${PORT}/").then(a => a.text()).then(console.log)'`,
    );
    expect(inRun.stdout).toContain("I am the new shop");
  });

  it("names are answered while control stands still, and the name server comes back when it is killed", async () => {
    const pid = platform.pid("control");
    process.kill(pid, "SIGSTOP");
    try {
      for (let i = 0; i < 3; i += 1) expect(await fetched(blog, "web.shop.internal")).toBe("reached I am the new shop");
      const dns = platform.pid("dns");
      process.kill(dns, "SIGKILL");
      await eventually(
        "the next one answers",
        async () => platform.pid("dns") !== dns && (await fetched(blog, "web.shop.internal")).startsWith("reached"),
      );
    } finally {
      process.kill(pid, "SIGCONT");
    }
    process.kill(pid, "SIGKILL");
    await eventually("another control", async () => platform.pid("control") !== pid && (await platform.ssh("status")).code === 0);
    expect(await fetched(blog, "web.shop.internal")).toBe("reached I am the new shop");
  });

  it("branches have names of their own, and no links of production's", async () => {
    await blog.mustPush("feature-x");
    const feature = { ...blog, host: "feature-x--blog.localhost" };
    expect(await fetched(feature, "web.feature-x.blog.internal")).toBe("reached I am blog");
    expect(await fetched(feature, "web.shop.internal")).toBe("unreachable ENOTFOUND");
    expect(await fetched(feature, "web.blog.internal")).toBe("unreachable ENOTFOUND");
    expect(await fetched(blog, "web.feature-x.blog.internal")).toBe("unreachable ENOTFOUND");
  });

  it("a link that is taken away closes name and address at once", async () => {
    const address = await addressOf("shop");
    expect(await fetched(blog, address)).toBe("reached I am the new shop");
    await must("links:remove blog shop");
    await eventually("the name is gone", async () => (await fetched(blog, "web.shop.internal")) === "unreachable ENOTFOUND");
    expect(await fetched(blog, address)).toMatch(/^unreachable/);
    expect((await platform.ssh("links:remove blog shop")).stderr).toContain("links/unknown");
    expect((await platform.ssh("links:add blog nothing")).stderr).toContain("app/unknown");
  });
});
