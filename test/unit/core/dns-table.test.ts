import { expect, it } from "vitest";
import { type AppName, type BranchName, type DnsTable, decideDns, dnsDomain, type EnvironmentName } from "../../../core/index.ts";

const environment = (name: string, domain: string, ip: string, links: readonly string[] = []) => ({
  name: name as EnvironmentName,
  domain,
  clients: [ip],
  ready: { web: [ip], worker: [] },
  links: links as readonly EnvironmentName[],
});
const table: DnsTable = {
  address: "198.18.0.0",
  environments: [
    environment("blog", "blog", "198.18.0.1", ["api"]),
    environment("api", "api", "198.18.0.2"),
    environment("blog@x-y", "x-y.blog", "198.18.0.3"),
  ],
};

it.each([
  ["198.18.0.1", "web.blog.internal", ["198.18.0.1"]],
  ["198.18.0.1", "WEB.Blog.Internal.", ["198.18.0.1"]],
  ["198.18.0.1", "web.internal", ["198.18.0.1"]],
  ["198.18.0.1", "worker.internal", []],
  ["198.18.0.1", "web.api.internal", ["198.18.0.2"]],
  ["198.18.0.3", "web.x-y.blog.internal", ["198.18.0.3"]],
  ["198.18.0.3", "web.internal", ["198.18.0.3"]],
])("%s asks for %s and gets %j", (client, name, addresses) => {
  expect(decideDns(table, client, name)).toEqual({ kind: "addresses", addresses });
});

it.each([
  ["198.18.0.2", "web.blog.internal", "unknown-name"],
  ["198.18.0.3", "web.blog.internal", "unknown-name"],
  ["198.18.0.3", "web.api.internal", "unknown-name"],
  ["198.18.0.1", "clock.blog.internal", "unknown-name"],
  ["198.18.0.1", "toString.blog.internal", "unknown-name"],
  ["198.18.0.1", "internal", "unknown-name"],
  ["198.18.0.9", "web.blog.internal", "unknown-client"],
  ["198.18.0.9", "example.com", "forward"],
  ["198.18.0.1", "internal.example.com", "forward"],
])("%s asks for %s: %s", (client, name, kind) => {
  expect(decideDns(table, client, name).kind).toBe(kind);
});

it("a branch is called as in its host label", () => {
  expect(dnsDomain("blog" as AppName, null)).toBe("blog");
  expect(dnsDomain("blog" as AppName, "feature-x" as BranchName)).toBe("feature-x.blog");
  expect(dnsDomain("blog" as AppName, "a/b" as BranchName)).toMatch(/^a-b-[a-z2-7]{6}\.blog$/);
});
