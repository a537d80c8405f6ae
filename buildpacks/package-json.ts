/** package.json as far as a build asks for it. */
import { PushboatError, quote } from "../core/index.ts";
import { findJsonError } from "./json-position.ts";

export interface PackageJson {
  readonly name: string | null;
  readonly version: string | null;
  readonly main: string | null;
  readonly packageManager: string | null;
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  /** What Volta pins. */
  readonly volta: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly hasWorkspaces: boolean;
}

export function parsePackageJson(source: string): PackageJson {
  const fields = parseObject(source.replace(/^\uFEFF/, ""));
  return {
    name: text(fields, "name"),
    version: text(fields, "version"),
    main: text(fields, "main"),
    packageManager: text(fields, "packageManager"),
    scripts: texts(fields, "scripts"),
    engines: texts(fields, "engines"),
    volta: texts(fields, "volta"),
    dependencies: texts(fields, "dependencies"),
    devDependencies: texts(fields, "devDependencies"),
    optionalDependencies: texts(fields, "optionalDependencies"),
    hasWorkspaces: fields["workspaces"] !== undefined,
  };
}

/** The text without its `scripts`: what a dependency step gets, so that a changed script does not install everything again. */
export function withoutScripts(source: string): string {
  const { scripts: _, ...rest } = parseObject(source.replace(/^\uFEFF/, ""));
  return `${JSON.stringify(rest, null, 2)}\n`;
}

function parseObject(source: string): Record<string, unknown> {
  const position = findJsonError(source);
  if (position !== null) {
    throw invalid(
      `package.json is not JSON: line ${position.line}, column ${position.column}: expected ${position.expected}${found(source, position.line, position.column)}`,
      "Mend it, check it with `node -p \"require('./package.json')\"`, commit and push again.",
    );
  }
  const value: unknown = JSON.parse(source);
  if (!isRecord(value))
    throw invalid("package.json: line 1, column 1: must be an object", 'Begin it with { and end it with }, for example { "name": "blog" }');
  return value;
}

function found(source: string, line: number, column: number): string {
  const rest = source.split("\n")[line - 1]?.slice(column - 1, column + 19) ?? "";
  return rest === "" ? ", found the end of the line" : `, found ${quote(rest)}`;
}

function text(fields: Record<string, unknown>, key: string): string | null {
  const value = fields[key];
  return typeof value === "string" ? value : null;
}

function texts(fields: Record<string, unknown>, key: string): Record<string, string> {
  const value = fields[key];
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw invalid(`package.json: ${key}: must be an object`, `Write it as "${key}": { "name": "value" }`);
  for (const [name, entry] of Object.entries(value)) {
    if (typeof entry !== "string")
      throw invalid(
        `package.json: ${key}/${name}: must be a text in double quotes`,
        `It is ${quote(JSON.stringify(entry)).slice(1, -1)} now.`,
      );
  }
  return value as Record<string, string>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string, hint: string): PushboatError {
  return new PushboatError({ code: "build/package-json", message, hint });
}
