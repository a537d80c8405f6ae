/** One request from its argv to its exit code: find the command, parse, work, print. */
import type { Control, Target } from "../control/index.ts";
import {
  type AppName,
  asPushboatError,
  type CommandRequest,
  type Identity,
  type Place,
  parseAppName,
  parseEnvironmentName,
  renderError,
  requirePermission,
  type Settings,
} from "../core/index.ts";
import { bindWords } from "./bind-words.ts";
import type { Command, Line, Result, Session, Work } from "./command.ts";
import { parseOptions } from "./commander.ts";
import { findCommand } from "./find-command.ts";
import { createInput } from "./input.ts";
import { interruptible, orGone } from "./interrupt.ts";
import { createOutput, type Output } from "./output.ts";
import { createProgress } from "./progress.ts";
import { isForEverybody, roleOf } from "./roles.ts";

export interface AnswerDependencies {
  readonly commands: readonly Command[];
  readonly control: Control;
  readonly settings: Settings;
  readonly nowMs: number;
}

const FAILED = 1;
const WRONG_USAGE = 2;

/** Never rejects: what is thrown becomes lines on stderr and an exit code. */
export async function answer(request: CommandRequest, dependencies: AnswerDependencies): Promise<number> {
  const output = createOutput(request);
  let call: ParsedCall;
  try {
    call = parseCall(request.argv, dependencies.commands);
  } catch (thrown) {
    return report(thrown, output, WRONG_USAGE);
  }
  const progress = createProgress(output);
  try {
    const result = await work(call, request, { ...dependencies, output, progress });
    await print(result, call.json, output);
    return result.exitCode;
  } catch (thrown) {
    progress.close();
    return report(thrown, output, FAILED);
  }
}

interface ParsedCall {
  /** null: help. */
  readonly name: string | null;
  /** All that the command is about: the caller needs its rights in each. */
  readonly places: readonly Place[];
  readonly work: Work;
  readonly json: boolean;
  readonly ownsTerminal: boolean;
}

function parseCall(argv: readonly string[], commands: readonly Command[]): ParsedCall {
  const found = findCommand(argv, commands);
  const options = parseOptions(found.command, found.argv);
  const ownsTerminal = found.command.ownsTerminal === true;
  if ("help" in options) {
    const text = options.help.trimEnd().split("\n");
    return {
      name: null,
      places: [],
      work: async () => ({ json: undefined, text, exitCode: 0 }),
      json: false,
      ownsTerminal,
    };
  }
  const { target, words } = bindWords(found.command, options.words, options.app);
  const line = { words, flag: options.flag, value: options.value };
  return {
    name: found.command.name,
    places: placesOf(found.command, target ?? "", words),
    work: prepared(found.command, target ?? "", line),
    json: options.json,
    ownsTerminal,
  };
}

function placesOf(command: Command, target: string, words: readonly string[]): readonly Place[] {
  const others = words.filter((_, at) => command.words[at]?.environment === true);
  return [placeOf(command, target), ...others.map(environmentPlace)];
}

function placeOf(command: Command, target: string): Place {
  if (command.target === "none") return { kind: "platform" };
  return command.target === "app" ? { kind: "app", app: parseAppName(target) } : environmentPlace(target);
}

function environmentPlace(name: string): Place {
  const { app, branch } = parseEnvironmentName(name);
  return { kind: "environment", app, branch };
}

/** Where the target's text becomes a name, once. */
function prepared(command: Command, target: string, line: Omit<Line<null>, "target">): Work {
  switch (command.target) {
    case "environment":
      return command.prepare({ ...line, target: parseEnvironmentName(target) satisfies Target });
    case "app":
      return command.prepare({ ...line, target: parseAppName(target) satisfies AppName });
    case "none":
      return command.prepare({ ...line, target: null });
  }
}

type WorkDependencies = Omit<AnswerDependencies, "commands"> & Pick<Session, "output" | "progress">;

async function work(
  call: ParsedCall,
  request: CommandRequest,
  { control, settings, nowMs, output, progress }: WorkDependencies,
): Promise<Result> {
  const { signal, interrupt } = interruptible(request, call.ownsTerminal);
  const input = createInput(request, output, { interrupt, untouched: call.ownsTerminal });
  await allow(call, request.identity, control);
  const actor = { identity: request.identity, onEvent: progress.event, disconnected: signal };
  return orGone(call.work({ control, settings, request, actor, input, output, progress, nowMs }), signal);
}

/** The one place where a command is refused for want of rights. */
async function allow({ name, places }: ParsedCall, identity: Identity, control: Control): Promise<void> {
  if (name === null || isForEverybody(name)) return;
  for (const place of places) requirePermission(identity, roleOf(name), await withBranch(place, identity, control));
}

/** Where a key is limited to branches, production is judged by its own branch. */
async function withBranch(place: Place, identity: Identity, control: Control): Promise<Place> {
  if (place.kind !== "environment" || place.branch !== null || identity.branches === undefined) return place;
  const production = await control.app(place.app).then(
    ({ productionBranch }) => productionBranch,
    () => null,
  );
  return { ...place, branch: production };
}

async function print(result: Result, json: boolean, output: Output): Promise<void> {
  if (json && result.json !== undefined) await output.result(`${JSON.stringify(result.json, null, 2)}\n`);
  else if (result.text.length > 0) await output.result(`${result.text.join("\n")}\n`);
}

function report(thrown: unknown, output: Output, exitCode: number): number {
  const error = asPushboatError(thrown);
  for (const line of renderError(error)) output.message(`${line}\n`);
  return error.code.startsWith("usage/") ? WRONG_USAGE : exitCode;
}
