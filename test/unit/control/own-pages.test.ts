import { describe, expect, it } from "vitest";
import { checkedPage } from "../../../control/own-pages.ts";

describe("a page of pushboat.yml", () => {
  it("is HTML of the repository", () => {
    expect(checkedPage("error", "public/500.html", "<p>ä</p>")).toBe("<p>ä</p>");
  });

  it.each([
    [null, "is not a file of this commit"],
    ["x".repeat(64 * 1024 + 1), "has 65 kB"],
    ["ä".repeat(33 * 1024), "has 66 kB"],
    ["\ufffdPNG", "is not text in UTF-8"],
    ["a\0b", "is not text in UTF-8"],
  ])("is refused where it %#", (html, problem) => {
    expect(() => checkedPage("error", "public/500.html", html)).toThrow(`pushboat.yml: pages/error: "public/500.html" ${problem}`);
  });
});
