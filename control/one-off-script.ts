/** Commands of the app that Pushboat runs itself (release, postdeploy, pr-predestroy): in a container of their own, output as events. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { EventSink, InstanceSize, OneOffResult, ProcessDefinition, Workload } from "../core/index.ts";
import type { Deps } from "./deps.ts";

interface ImageRun {
  readonly size: InstanceSize;
  /** Names the container and the log source: `release.7`. */
  readonly name: string;
  /** Source of the output events. */
  readonly source: string;
  readonly definition: ProcessDefinition;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

export async function runInImage({ runtime }: Pick<Deps, "runtime">, workload: Workload, run: ImageRun): Promise<OneOffResult> {
  const output = lineStream((text) => run.onEvent({ kind: "output", source: run.source, text }));
  const result = await runtime.runOneOff(
    { workload, name: run.name, definition: run.definition, size: run.size, extraEnv: {}, signal: run.signal },
    { stdin: null, stdout: output, stderr: output, terminal: null, onSignal: () => undefined },
  );
  output.end();
  if (!output.readableEnded) await once(output, "end");
  return result;
}

interface Script {
  readonly size: InstanceSize;
  readonly name: string;
  readonly command: string;
  readonly onEvent: EventSink;
  readonly signal: AbortSignal;
}

/** Answers the exit code. */
export async function runScript(deps: Pick<Deps, "runtime" | "now">, workload: Workload, script: Script): Promise<number> {
  const definition: ProcessDefinition = { form: "shell", command: [script.command] };
  const name = `${script.name}.${deps.now() % 100_000}`;
  const { size, onEvent, signal } = script;
  return (await runInImage(deps, workload, { size, name, source: script.name, definition, onEvent, signal })).exitCode;
}

/** One word is run by the shell; several are taken as they are. */
export function definitionOf(command: readonly string[]): ProcessDefinition {
  return { form: command.length === 1 ? "shell" : "exec", command };
}

function lineStream(onLine: (text: string) => void): PassThrough {
  const stream = new PassThrough();
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line.replace(/\r$/, ""));
  });
  stream.on("end", () => rest !== "" && onLine(rest));
  return stream;
}
