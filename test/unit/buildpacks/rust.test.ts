import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

const PACKAGE = '[package]\nname = "shop"\n';

const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);

describe("a Rust app", () => {
  it.each([
    ["the package's binary", { "Cargo.toml": PACKAGE, "src/main.rs": "" }, "bin/shop"],
    ["default-run", { "Cargo.toml": `${PACKAGE}default-run = "serve"\n`, "src/main.rs": "" }, "bin/serve"],
    ["the only [[bin]]", { "Cargo.toml": `${PACKAGE}\n[[bin]]\nname = "web"\npath = "src/web.rs"\n` }, "bin/web"],
    [
      "a workspace's member",
      {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
        "crates/server/Cargo.toml": '[package]\nname = "server"\n',
        "crates/server/src/main.rs": "",
      },
      "bin/server",
    ],
  ])("starts %s", (_, files, command) => {
    expect(plan(files as unknown as Files).processes[WEB]?.command).toEqual([command]);
  });

  it("of several binaries starts the one called as a server, and has the others as process types", () => {
    const files = {
      "Cargo.toml": '[workspace]\nmembers = [\n  "api", # the server\n  "tools/*",\n]\n',
      "api/Cargo.toml": '[package]\nname = "shop-api"\n',
      "api/src/main.rs": "",
      "api/src/bin/import.rs": "",
      "worker/Cargo.toml": '[package]\nname = "no-member"\n',
      "worker/src/main.rs": "",
    };
    const { processes, reason } = plan(files);
    expect(reason).toBe("Cargo.toml, started by api/src/main.rs");
    expect(processes).toEqual({ web: { form: "shell", command: ["bin/shop-api"] }, import: { form: "shell", command: ["bin/import"] } });
  });

  it("of several binaries with no name of a server is told which there are", () => {
    expect(() => plan({ "Cargo.toml": PACKAGE, "src/bin/one.rs": "", "src/bin/two.rs": "" })).toThrow(
      expect.objectContaining({ code: "build/rust-start", message: 'There are several binaries: "one", "two"' }),
    );
  });

  it("uses its lockfile as it is, and has no compiler in its image", () => {
    const { steps, imageRuntime } = plan({ "Cargo.toml": PACKAGE, "src/main.rs": "", "Cargo.lock": "" });
    expect(steps[0]?.command).toContain("cargo build --release --bins --workspace --locked");
    expect(imageRuntime).toEqual([]);
  });

  it("that needs a newer compiler is refused with what there is", () => {
    const files = { "Cargo.toml": PACKAGE, "src/main.rs": "", "rust-toolchain.toml": '[toolchain]\nchannel = "1.90.0"\n' };
    expect(() => plan(files)).toThrow(expect.objectContaining({ code: "build/rust-version" }));
  });

  it("without a binary to start is told to write a Procfile", () => {
    expect(() => plan({ "Cargo.toml": PACKAGE, "src/lib.rs": "" })).toThrow(expect.objectContaining({ code: "build/rust-start" }));
  });
});
