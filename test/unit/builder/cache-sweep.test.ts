import { describe, expect, it } from "vitest";
import { abandonedCaches } from "../../../builder/cache-sweep.ts";

const HOUR_MS = 3600_000;
const cache = (app: string, openedMs = 0) => ({ app, path: `/cache/npm/${app}`, openedMs });

describe("the downloads that a sweep removes", () => {
  it("are those of apps that no environment was built for", () => {
    const caches = [cache("blog"), cache("shop"), cache("blog-2")];
    expect(abandonedCaches(caches, ["blog%40feature-x.json", "other.json"], HOUR_MS)).toEqual(["/cache/npm/shop", "/cache/npm/blog-2"]);
  });

  it("are not those that a first build may be using", () => {
    expect(abandonedCaches([cache("new", HOUR_MS - 60_000)], [], HOUR_MS)).toEqual([]);
  });
});
