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
      { "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n', "crates/server/Cargo.toml": '[package]\nname = "server"\n' },
      "bin/server",
    ],
  ])("starts %s", (_, files, command) => {
    expect(plan(files as unknown as Files).processes[WEB]?.command).toEqual([command]);
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
