import { describe, expect, it } from "vitest";
import { untilReached } from "../../../builder/dockerfile/build.ts";
import { BUILD_SCRIPT, buildahArgs, buildahEnv, isNoise, privateBases } from "../../../builder/dockerfile/command.ts";
import { dockerfileFailure, privateBaseFailure } from "../../../builder/dockerfile/failure.ts";
import { baseImages, declaredArguments, lineOf, readInstructions } from "../../../builder/dockerfile/instructions.ts";
import { planDockerfile } from "../../../builder/dockerfile/plan.ts";
import type { ToolOutcome } from "../../../builder/import/tool.ts";
import { readBuildSettings } from "../../../buildpacks/index.ts";
import { type EventSink, PushboatError } from "../../../core/index.ts";

const withFile = { entries: new Map([["Dockerfile", { type: "file" as const, id: "1" }]]) };
const without = { entries: new Map() };
const naming = (name: string) => readBuildSettings({ pushboatYml: `build: {buildpack: ${name}}`, appJson: null, kind: "production" });
const limits = { memoryBytes: 512 * 1024 * 1024, pids: 100, retryDelaysMs: [], timeoutMs: 60_000 };

describe("which Dockerfile builds a commit", () => {
  it("is the one at the root, unless pushboat.yml names another buildpack or another file", () => {
    expect(planDockerfile(withFile, {})).toMatchObject({ path: "Dockerfile", reason: "Dockerfile" });
    expect(planDockerfile(without, {})).toBe(null);
    expect(planDockerfile(withFile, naming("node"))).toBe(null);
    expect(planDockerfile(without, naming("dockerfile"))).toMatchObject({ path: "Dockerfile" });
    expect(planDockerfile(withFile, { dockerfile: "./deploy/app.Dockerfile" })).toMatchObject({ path: "deploy/app.Dockerfile" });
  });

  it("sees arguments and config only where pushboat.yml says so", () => {
    expect(planDockerfile(withFile, { args: { A: "1" }, env: ["TOKEN"] })).toMatchObject({ args: { A: "1" }, configKeys: ["TOKEN"] });
  });
});

describe("the instructions of a Dockerfile", () => {
  const instructions = readInstructions(`# syntax=docker/dockerfile:1
ARG VERSION=3 OTHER
from debian

RUN one && \\
  # said between
  two
ARG LATE
`);

  it("keep the line that they begin at, whatever is continued or commented", () => {
    expect(instructions.map(({ name, line }) => `${line} ${name}`)).toEqual(["2 ARG", "3 FROM", "5 RUN", "8 ARG"]);
    expect(lineOf(instructions, "RUN one &&   two")).toBe(5);
    expect(lineOf(instructions, "RUN three")).toBe(null);
  });

  it("declare arguments anywhere", () => {
    expect(declaredArguments(instructions)).toEqual(["VERSION", "OTHER", "LATE"]);
  });
});

describe("buildah's command line", () => {
  const plan = { path: "Dockerfile", reason: "", args: { GREETING: "a b" }, configKeys: ["TOKEN", "SHOWN"] };
  const input = {
    plan,
    dockerfile: "FROM scratch\nENV SSL_CERT_FILE=/own",
    declared: ["SHOWN"],
    visible: { TOKEN: "t", SHOWN: "s" },
    noCache: false,
    tag: "localhost/x",
  };

  it("gives config as secrets, and as an argument only where ARG asks for it", () => {
    const args = buildahArgs(input).join(" ");
    expect(args).toContain("--build-arg GREETING=a b --build-arg SHOWN=s --secret id=TOKEN,env=PUSHBOAT_SECRET_TOKEN");
    expect(args).not.toContain("TOKEN=t");
    expect(buildahEnv(input.visible)).toMatchObject({ PUSHBOAT_SECRET_TOKEN: "t" });
  });

  it("lends the host's authorities to RUN steps, not to the image, and never where the Dockerfile sets its own", () => {
    const args = buildahArgs(input);
    expect(args).toContain("NODE_EXTRA_CA_CERTS=/run/pushboat/authorities.crt");
    expect(args.filter((word) => word === "--env")).toHaveLength(args.filter((word) => word === "--unsetenv").length);
    expect(args.join(" ")).not.toContain("SSL_CERT_FILE=");
  });

  it("has no value of anybody in the script itself", () => {
    expect(BUILD_SCRIPT).not.toMatch(/TOKEN|GREETING/);
  });

  it("is quiet about its own bookkeeping only", () => {
    expect(isNoise("--> 0123456789ab")).toBe(true);
    expect(isNoise("Copying blob sha256:00")).toBe(true);
    expect(isNoise("--> Using cache 0123456789ab")).toBe(false);
    expect(isNoise("STEP 3/4: RUN make")).toBe(false);
  });
});

describe("a Dockerfile that cannot be built", () => {
  const instructions = readInstructions("FROM nobody/has:this\nRUN make all\nRNU make\n");
  const failure = (error: string, outcome: Partial<ToolOutcome> = {}) =>
    dockerfileFailure(
      { exitCode: 125, timedOut: false, outOfMemory: false, lastLines: ["output", `Error: ${error}`], ...outcome },
      "Dockerfile",
      instructions,
      limits,
    );

  it("is told by step, line and exit code", () => {
    expect(failure('building at STEP "RUN make all": while running runtime: exit status 2')).toMatchObject({
      code: "build/dockerfile-step",
      message: "Dockerfile line 2: RUN make all ended with exit code 2",
    });
  });

  it("is told as a mistake in writing, with its line", () => {
    expect(
      failure('building at STEP "RNU ": Build error: Unknown instruction: "RNU" &imagebuilder.Step{Original:"RNU make"}'),
    ).toMatchObject({
      code: "build/dockerfile-syntax",
      message: 'Dockerfile line 3: there is no instruction "RNU"',
    });
  });

  it("is told by the base image that could not be fetched, as something that may work later where the network failed", () => {
    expect(
      failure(
        "creating build container: initializing source docker://nobody/has:this: reading manifest this in registry.example/nobody/has: manifest unknown",
      ),
    ).toMatchObject({
      code: "build/base-image",
      kind: "user",
      message: expect.stringContaining('line 1: FROM "nobody/has:this" could not be fetched'),
    });
    expect(
      failure(
        "creating build container: initializing source docker://nobody/has:this: pinging container registry x: dial tcp: i/o timeout",
      ),
    ).toMatchObject({ kind: "transient" });
  });

  it("is told as too long or too large, and nothing is told where it went well", () => {
    expect(failure("x", { timedOut: true })).toMatchObject({ code: "build/timed-out" });
    expect(failure("x", { outOfMemory: true })).toMatchObject({ code: "build/out-of-memory" });
    expect(failure("x", { exitCode: 91 })).toMatchObject({ code: "build/dockerfile-storage", kind: "platform" });
    expect(failure("something new")).toMatchObject({ code: "build/dockerfile" });
    expect(failure("x", { exitCode: 0 })).toBe(null);
  });
});

describe("base images that need a login", () => {
  const images = (text: string, args = {}) => baseImages(readInstructions(text), args);

  it("are those that FROM names, with arguments, without stages", () => {
    const text = `ARG V=1\nARG R=reg.example\nFROM --platform=linux/amd64 $R/team/base:\${V} AS built\nFROM built\nFROM scratch\nFROM debian:13\n`;
    expect(images(text)).toEqual(["reg.example/team/base:1", "debian:13"]);
    expect(images(text, { R: "other.example" })).toEqual(["other.example/team/base:1", "debian:13"]);
    expect(images("FROM $UNSET/base\n")).toEqual([]);
  });

  it("go to their own registry only, and need none where nobody logged in", () => {
    const login = (host: string) => ({ host, user: "ci", password: "secret" });
    const found = privateBases(["reg.example/base:1", "debian:13"], [login("reg.example"), login("other.example")]);
    expect(found).toEqual({ images: ["reg.example/base:1"], logins: [login("reg.example")] });
    expect(privateBases(["debian:13"], [login("reg.example")])).toEqual({ images: [], logins: [] });
  });

  it("are told as refused by the registry, or as something that may work later", () => {
    const failed = (line: string) =>
      privateBaseFailure({ exitCode: 125, timedOut: false, outOfMemory: false, lastLines: [line] }, "Dockerfile", limits);
    expect(failed("Error: initializing source docker://r/x: reading manifest: unauthorized: authentication required")).toMatchObject({
      code: "build/base-image",
      kind: "user",
      hint: expect.stringContaining("registry:login"),
    });
    expect(failed("Error: pinging container registry r: dial tcp: connection refused")).toMatchObject({ kind: "transient" });
  });
});

describe("a Dockerfile build that could not reach a registry", () => {
  const transient = new PushboatError({ code: "build/registry", message: "gone", kind: "transient" });
  const attempts = async (failures: readonly (PushboatError | null)[]) => {
    const left = [...failures];
    const said: string[] = [];
    const onEvent: EventSink = (event) => said.push(event.kind === "warning" ? event.text : event.kind);
    const outcome = await untilReached([1, 1], { onEvent, signal: new AbortController().signal }, async () => left.shift() ?? null).then(
      () => "built",
      (error: PushboatError) => error.code,
    );
    return { outcome, said: said.length, left: left.length };
  };

  it("is tried again, and says so; what the app got wrong is not", async () => {
    const broken = new PushboatError({ code: "build/dockerfile-step", message: "broken" });
    expect(await attempts([transient, null])).toEqual({ outcome: "built", said: 1, left: 0 });
    expect(await attempts([transient, transient, transient])).toEqual({ outcome: "build/registry", said: 2, left: 0 });
    expect(await attempts([broken, null])).toEqual({ outcome: "build/dockerfile-step", said: 0, left: 1 });
  });

  it("is told from its package manager's own words", () => {
    const lines = ["npm error code ECONNREFUSED", 'Error: building at STEP "RUN make all": while running runtime: exit status 1'];
    const outcome = { exitCode: 1, timedOut: false, outOfMemory: false, lastLines: lines } as ToolOutcome;
    expect(dockerfileFailure(outcome, "Dockerfile", readInstructions("FROM a\nRUN make all\n"), limits)).toMatchObject({
      code: "build/registry",
      kind: "transient",
      message: "Dockerfile line 2: RUN make all could not reach where npm gets its packages from",
    });
  });
});
