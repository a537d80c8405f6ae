/** What will stop a start script in the image, as far as its text shows it. */
import type { Project } from "./framework.ts";
import type { NodeProcesses } from "./node-processes.ts";

/** Command -> the package that brings it, where the names differ. */
const PACKAGE_OF: Readonly<Record<string, string>> = { nest: "@nestjs/cli", tsc: "typescript", ng: "@angular/cli" };

export function startWarnings({ packageJson }: Project, { from }: NodeProcesses): readonly string[] {
  const start = packageJson.scripts["start"]?.trim() ?? "";
  if (from !== "a start script") return [];
  return [...developmentCommand(start, packageJson.dependencies, packageJson.devDependencies), ...fixedPort(start)];
}

function developmentCommand(
  start: string,
  dependencies: Readonly<Record<string, string>>,
  devDependencies: Readonly<Record<string, string>>,
): readonly string[] {
  const words = start.split(/\s+/).filter((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
  const command = ["npx", "cross-env"].includes(words[0] ?? "") ? words[1] : words[0];
  const name = PACKAGE_OF[command ?? ""] ?? command ?? "";
  if (devDependencies[name] === undefined || dependencies[name] !== undefined) return [];
  return [`The start script runs ${command}, which is among devDependencies and so not in the image: move ${name} to dependencies`];
}

function fixedPort(start: string): readonly string[] {
  const port = /(?:^|\s)(?:-p|--port|-l|--listen)[ =](\d{2,5})\b|^(?:.*\s)?PORT=(\d{2,5})\b/.exec(start);
  if (port === null) return [];
  return [`The start script has a port of its own (${port[1] ?? port[2]}): the app must listen on $PORT`];
}
