/** Why a Dockerfile could not be built, in the words of whoever wrote it. Pure. */
import { PushboatError, quote } from "../../core/index.ts";
import type { ToolOutcome } from "../import/tool.ts";
import { unreachableFor } from "../network-failure.ts";
import { type StepLimits, stepFailure } from "../step.ts";
import { EXIT, isNoise } from "./command.ts";
import { type Instruction, lineOf } from "./instructions.ts";
import { OFFERED_BASE } from "./offered-base.ts";

/** null: it went well. */
export function dockerfileFailure(
  outcome: ToolOutcome,
  path: string,
  instructions: readonly Instruction[],
  limits: StepLimits,
): PushboatError | null {
  if (outcome.exitCode === 0 && !outcome.timedOut && !outcome.outOfMemory) return null;
  if (outcome.timedOut || outcome.outOfMemory) return stepFailure(`building ${path}`, outcome, outcome.lastLines, limits);
  const error = outcome.lastLines.findLast((line) => line.startsWith("Error: "))?.slice("Error: ".length) ?? "";
  if (outcome.exitCode === EXIT.base || outcome.exitCode === EXIT.output) return platformFailure(outcome.lastLines);
  return (
    syntaxFailure(error, path, instructions) ??
    stepFailed(error, path, instructions, outcome.lastLines) ??
    baseMissing(error, path, instructions) ??
    other(error, path, outcome)
  );
}

/** `building at STEP "RNU ": Build error: Unknown instruction: "RNU" &imagebuilder.Step{..., Original:"RNU make"}`, or a parser's `line 3: ...`. */
function syntaxFailure(error: string, path: string, instructions: readonly Instruction[]): PushboatError | null {
  const [, unknown] = /unknown instruction: "?(\w+)/i.exec(error) ?? [];
  const [, original] = /Original:"((?:[^"\\]|\\.)*)"/.exec(error) ?? [];
  const [, parserLine, said] = /parse error (?:on |at )?line (\d+):? *(.*)$/i.exec(error) ?? [];
  if (
    unknown === undefined &&
    parserLine === undefined &&
    !/^(?:parsing main Dockerfile|no FROM statement|file with no instructions)/i.test(error)
  )
    return null;
  const line = parserLine ?? (original === undefined ? null : lineOf(instructions, unquote(original)));
  return new PushboatError({
    code: "build/dockerfile-syntax",
    message: `${path}${line === null ? "" : ` line ${line}`}: ${unknown === undefined ? (said ?? error) : `there is no instruction ${quote(unknown)}`}`,
    hint: `Mend ${path}, commit and push again.`,
  });
}

/** `building at STEP "RUN make": while running runtime: exit status 2` */
function stepFailed(error: string, path: string, instructions: readonly Instruction[], lines: readonly string[]): PushboatError | null {
  const [, step = "", why = ""] = /building at STEP "((?:[^"\\]|\\.)*)": (.*)$/s.exec(error) ?? [];
  if (step === "") return null;
  const line = lineOf(instructions, unquote(step));
  const exit = /exit status (\d+)$/.exec(why)?.[1];
  const tool = unreachableFor(lines);
  if (tool !== null) {
    return new PushboatError({
      code: "build/registry",
      message: `${path}${line === null ? "" : ` line ${line}`}: ${short(unquote(step))} could not reach where ${tool} gets its packages from`,
      hint: withOutput("Nothing is wrong with the app as far as one can see: push again later.", lines),
      kind: "transient",
    });
  }
  return new PushboatError({
    code: "build/dockerfile-step",
    message: `${path}${line === null ? "" : ` line ${line}`}: ${short(unquote(step))} ${exit === undefined ? `failed: ${why}` : `ended with exit code ${exit}`}`,
    hint: withOutput(adviceFor(why, lines), lines),
  });
}

/** Of PULL_SCRIPT. null: it went well. */
export function privateBaseFailure(outcome: ToolOutcome, path: string, limits: StepLimits): PushboatError | null {
  if (outcome.exitCode === 0 && !outcome.timedOut && !outcome.outOfMemory) return null;
  if (outcome.timedOut || outcome.outOfMemory) return stepFailure(`fetching the base of ${path}`, outcome, outcome.lastLines, limits);
  const lines = outcome.lastLines;
  const error = lines.findLast((line) => line.startsWith("Error: "))?.slice("Error: ".length) ?? lines.at(-1) ?? "no output";
  const denied = /unauthorized|authentication required|denied|forbidden/i.test(error);
  return new PushboatError({
    code: "build/base-image",
    message: `${path}: a base image could not be fetched with the app's login: ${lastClause(error)}`,
    hint: denied
      ? "Look at what `registry:login APP HOST USER` was given: the registry does not take it, or the user may not see this image."
      : "Look at its name and tag, and whether this machine reaches the registry.",
    kind: !denied && NETWORK.test(error) ? "transient" : "user",
  });
}

const NETWORK = /timeout|no such host|refused|unreachable|prohibited|EOF|50\d/;

function baseMissing(error: string, path: string, instructions: readonly Instruction[]): PushboatError | null {
  if (!/creating build container|pinging container registry|initializing source|reading manifest|short-name|manifest unknown/.test(error))
    return null;
  const [, named] = /(?:initializing source docker:\/\/|resolve to an image of |short-name ")([^\s:"]+(?::[\w.-]+)?)/.exec(error) ?? [];
  const from = instructions.find(({ name, rest }) => name === "FROM" && (named === undefined || named.endsWith(rest.split(/\s/)[0] ?? "")));
  const image = from?.rest.split(/\s/)[0] ?? named ?? "the base image";
  return new PushboatError({
    code: "build/base-image",
    message: `${path}${from === undefined ? "" : ` line ${from.line}`}: FROM ${quote(image)} could not be fetched: ${lastClause(error)}`,
    hint: [
      "Look at its name and tag, and whether this machine reaches the registry.",
      `Without any registry: FROM ${OFFERED_BASE} is Pushboat's own Debian 13.`,
    ].join("\n"),
    kind: !image.startsWith("localhost/") && NETWORK.test(error) ? "transient" : "user",
  });
}

function other(error: string, path: string, outcome: ToolOutcome): PushboatError {
  return new PushboatError({
    code: "build/dockerfile",
    message: `${path} could not be built: ${error === "" ? `buildah ended with ${outcome.exitCode}` : error}`,
    hint: withOutput("Mend what the last lines say, commit and push again; the whole output is above.", outcome.lastLines),
  });
}

function platformFailure(lines: readonly string[]): PushboatError {
  return new PushboatError({
    code: "build/dockerfile-storage",
    message: `buildah could not use its storage: ${lines.at(-1) ?? "no output"}`,
    hint: withOutput("Push again with -o no-cache: it starts from an empty storage.", lines),
    kind: "platform",
  });
}

function adviceFor(why: string, lines: readonly string[]): string {
  if (/no such file or directory|no items matching glob/.test(why)) return "Look at the path, and whether .dockerignore leaves it out.";
  if (lines.some((line) => /Connection refused|Network is unreachable|administratively|Could not resolve/i.test(line)))
    return "A build reaches public addresses only: nothing on this machine, in private networks or of other apps.";
  return "Mend what the last lines say, commit and push again; the whole output is above.";
}

function withOutput(advice: string, lines: readonly string[]): string {
  const shown = lines.filter((line) => !line.startsWith("Error: ") && !isNoise(line)).slice(-12);
  return shown.length === 0 ? advice : [advice, "The last lines were:", ...shown.map((line) => `  ${line}`)].join("\n");
}

function lastClause(error: string): string {
  return error.split(": ").slice(-2).join(": ");
}

const MAX_STEP = 80;

function short(step: string): string {
  return step.length > MAX_STEP ? `${step.slice(0, MAX_STEP - 3)}...` : step;
}

/** Go's %q. */
function unquote(text: string): string {
  return text.replace(/\\(["\\])/g, "$1").replace(/\\[nt]/g, " ");
}
