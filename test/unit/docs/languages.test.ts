import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BUILDPACKS } from "../../../buildpacks/index.ts";
import { languagesPage } from "./languages-page.ts";
import { repositoryPath } from "./product-sources.ts";

const PAGE = repositoryPath("docs/languages.md");

it("docs/languages.md says what the buildpacks' data says (UPDATE_DOCS=1 npx vitest run test/unit/docs writes it anew)", () => {
  const page = languagesPage(BUILDPACKS);
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(PAGE, page);
  expect(existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "").toBe(page);
});
