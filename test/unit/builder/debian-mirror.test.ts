import { describe, expect, it } from "vitest";
import { parseMirrors, sourcesFor } from "../../../builder/debian-mirror.ts";

const TARGETS = [
  "http://mirror.test/debian-security/|bookworm-security|bookworm-security|main|Debian",
  "http://mirror.test/debian/|bookworm|bookworm|main|Debian",
  "http://mirror.test/debian/|bookworm|bookworm|contrib|Debian",
  "http://mirror.test/debian/|bookworm-updates|bookworm-updates|main|Debian",
  "https://other.test/node_20.x/|nodistro|nodistro|main|. nodistro",
].join("\n");

describe("the host's Debian mirror", () => {
  it("gives the same mirrors for another release, the release itself first", () => {
    expect(sourcesFor(parseMirrors(TARGETS, "bookworm"), "bookworm", "trixie")).toEqual([
      "deb http://mirror.test/debian/ trixie main",
      "deb http://mirror.test/debian/ trixie-updates main",
      "deb http://mirror.test/debian-security/ trixie-security main",
    ]);
  });

  it("is found before apt ever fetched its lists, when origins are not known", () => {
    expect(parseMirrors("http://mirror.test/debian/|bookworm|$(CODENAME)|main|$(ORIGIN)\n", "bookworm")).toEqual([
      { uri: "http://mirror.test/debian/", release: "bookworm" },
    ]);
  });

  it("is not another distribution's", () => {
    expect(parseMirrors("http://mirror.test/ubuntu/|noble|noble|main|Ubuntu\n", "noble")).toEqual([]);
  });
});
