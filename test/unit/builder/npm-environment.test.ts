import { describe, expect, it } from "vitest";
import type { Language, NodeLanguage } from "../../../builder/language.ts";
import { npmEnvironment } from "../../../builder/npm-environment.ts";

const node = (fields: Partial<NodeLanguage>): Language => ({
  kind: "node",
  id: "node-1",
  title: "node",
  node: "24.0.0",
  npm: "11.6.2",
  from: "",
  headers: true,
  ...fields,
});
const pnpm: Language = { kind: "npm-tool", id: "tool-1", title: "pnpm", package: "pnpm", version: "10.0.0", from: "" };

describe("what node-gyp is told of Node's headers", () => {
  const told = (...languages: Language[]): readonly string[] =>
    Object.keys(npmEnvironment(languages, "REGISTRY")).filter((key) => key.includes("nodedir"));

  it("is no setting that npm 11 warns of", () => {
    expect(told(node({}))).toEqual(["npm_package_config_node_gyp_nodedir"]);
  });

  it("is npm's own setting for an older node-gyp and for other package managers'", () => {
    expect(told(node({ npm: "10.9.4" }))).toContain("npm_config_nodedir");
    expect(told(node({}), pnpm)).toContain("npm_config_nodedir");
  });

  it("is nothing where the layer has none", () => {
    expect(told(node({ headers: false }))).toEqual([]);
  });
});
