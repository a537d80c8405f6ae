import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { productSources, repositoryPath } from "./product-sources.ts";

const PAGE = repositoryPath("docs/errors.md");

async function documented(): Promise<readonly string[]> {
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, (await import("./errors-page.ts")).errorsPage(productSources()));
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  return [...page.matchAll(/^- `([a-z-]+\/[a-z0-9-]+)`/gm)].map((match) => match[1] ?? "").toSorted();
}

function used(): readonly string[] {
  const codes = productSources().flatMap(({ text }) =>
    [...text.matchAll(/\bcode: "([a-z-]+\/[a-z0-9-]+)"/g)].map((match) => match[1] ?? ""),
  );
  return [...new Set(codes)].toSorted();
}

describe("docs/errors.md", () => {
  it("lists every error code of the product and no other (UPDATE_DOCS=1 npx vitest run test/unit/docs writes it anew)", async () => {
    expect(await documented()).toEqual(used());
  });

  it("is found to be incomplete where a code is missing: the product has codes at all", () => {
    expect(used().length).toBeGreaterThan(100);
    expect(used()).toContain("platform/unexpected");
  });
});
