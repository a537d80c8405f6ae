import { describe, expect, it } from "vitest";
import { resolveLanguage } from "../../../builder/language.ts";
import { requestGo } from "../../../buildpacks/go-version.ts";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

const VERSIONS = ["1.20", "1.21.0", "1.21.13", "1.25.9", "1.26rc1", "1.26.0", "1.26.11", "1.27.4"];
const MODULE = "module example.com/team/shop/v2\n\ngo 1.26\n";

const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);

describe("the Go version", () => {
  it.each([
    ["go 1.26", "1.26.11", "go in go.mod"],
    ["go 1.26.0", "1.26.0", "go in go.mod"],
    ["go 1.25\n\ntoolchain go1.26.11", "1.26.11", "toolchain in go.mod"],
    ["go 1.17", "1.21.13", "go in go.mod, which says 1.17; the oldest that is to be had"],
    ["", "1.27.4", "Pushboat's default, the newest Go"],
  ])("of %j is %s", (lines, version, from) => {
    const wish = requestGo(sourceOf({ "go.mod": `module x\n\n${lines}\n` }));
    const language = resolveLanguage({ kind: "go", go: wish }, { go: VERSIONS }, "base-1", "x64");
    expect(language).toMatchObject({ version, from });
  });

  it("of a workspace is what go.work says", () => {
    expect(requestGo(sourceOf({ "go.work": "go 1.27.4\n", "go.mod": "go 1.21\n" }))).toEqual({ range: "1.27.4", from: "go in go.work" });
  });
});

describe("a Go app", () => {
  it.each([
    ["the package at the root", { "go.mod": MODULE, "main.go": "" }, "bin/shop", ["shop"]],
    ["the only command", { "go.mod": MODULE, "shop.go": "", "cmd/serve/main.go": "" }, "bin/serve", ["serve"]],
    ["the command called server", { "go.mod": MODULE, "cmd/server/main.go": "", "cmd/tool/main.go": "" }, "bin/server", ["server", "tool"]],
    ["a module of a workspace", { "go.work": "go 1.26\nuse ./api\n", "api/go.mod": "", "api/main.go": "" }, "bin/api", ["api"]],
  ])("starts %s and builds every command", (_, files, command, binaries) => {
    const { processes, steps } = plan(files as unknown as Files);
    expect(processes[WEB]?.command).toEqual([command]);
    for (const binary of binaries) expect(steps[0]?.command).toContain(` -o bin/${binary} `);
  });

  it("has a process type for each of its other commands, and none where a Procfile says which", () => {
    const files = {
      "go.mod": MODULE,
      "cmd/server/main.go": "",
      "cmd/worker/main.go": "",
      "cmd/release/main.go": "",
      "cmd/Odd.Name/main.go": "",
    };
    expect(Object.keys(plan(files).processes)).toEqual(["web", "worker"]);
    expect(plan(files).processes["worker" as never]).toEqual({ form: "shell", command: ["bin/worker"] });
    expect(Object.keys(plan({ ...files, Procfile: "web: bin/server\n" }).processes)).toEqual(["web"]);
  });

  it("of a workspace is looked for in the modules that go.work uses", () => {
    const files = {
      "go.work": "go 1.26\n\nuse (\n\t./api // the server\n\t./lib\n)\nuse ./jobs\n",
      "jobs/main.go": "",
      "other/main.go": "",
    };
    const { processes, steps } = plan({ ...files, "api/go.mod": "", "api/cmd/server/main.go": "", "lib/lib.go": "" });
    expect(processes[WEB]?.command).toEqual(["bin/server"]);
    expect(steps[0]?.command).toContain("-o bin/server ./api/cmd/server");
    expect(steps[0]?.command).toContain("-o bin/jobs ./jobs");
    expect(steps[0]?.command).not.toContain("other");
  });

  it("has nothing of Go in its image but its binaries", () => {
    const { imageRuntime, steps } = plan({ "go.mod": MODULE, "main.go": "" });
    expect(imageRuntime).toEqual([]);
    expect(steps.map(({ keeps }) => keeps)).toEqual([{ kind: "only", path: "bin" }]);
  });

  it("with several commands and no Procfile is told to write one", () => {
    expect(() => plan({ "go.mod": MODULE, "cmd/a/main.go": "", "cmd/b/main.go": "" })).toThrow(
      expect.objectContaining({ code: "build/go-start", hint: "Add a Procfile with the line  web: bin/a" }),
    );
  });
});
