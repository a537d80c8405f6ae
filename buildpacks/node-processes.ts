/** What a Node app runs: its Procfile, its start script, or server.js. */
import { type Processes, parseProcfile, WEB } from "../core/index.ts";
import type { PackageJson } from "./package-json.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";

export interface NodeProcesses {
  readonly processes: Processes;
  /** `a start script`, `a Procfile`. */
  readonly from: string;
  /** What `npm start` would set; only where the start script runs without npm. */
  readonly env: Readonly<Record<string, string>>;
}

/** A Procfile may leave web to the start script, as on Heroku. null: there is nothing to start. */
export function planProcesses(source: SourceTree, packageJson: PackageJson): NodeProcesses | null {
  const procfile = source.texts.get("Procfile");
  const named = procfile === undefined ? {} : parseProcfile(procfile);
  if (named[WEB] !== undefined) return { processes: named, from: "a Procfile", env: {} };
  const web = planWeb(source, packageJson);
  if (web === null) return Object.keys(named).length > 0 ? { processes: named, from: "a Procfile", env: {} } : null;
  return { ...web, processes: { [WEB]: { form: "shell", command: [web.command] }, ...named } as Processes };
}

function planWeb(source: SourceTree, packageJson: PackageJson): { command: string; from: string; env: Record<string, string> } | null {
  const start = packageJson.scripts["start"]?.trim();
  if (start && !(DEVELOPMENT_SERVER.test(start) && packageJson.scripts["build"] !== undefined))
    return { command: startCommand(start, packageJson), from: "a start script", env: isPlain(packageJson) ? npmEnv(packageJson) : {} };
  if (hasFile(source, "server.js")) return { command: "node server.js", from: "server.js", env: {} };
  return null;
}

/** Beside a build script these serve a developer, not visitors: create-react-app and others put them there. */
const DEVELOPMENT_SERVER =
  /^(?:react-scripts start|vite(?: (?:dev|serve|preview))?|ng serve|gatsby develop|astro (?:dev|preview)|parcel(?: serve)?|webpack(?:-dev-server| serve)|vue-cli-service serve|eleventy --serve)(?: |$)/;

/** npm would cost a quarter of a second at each start and memory for as long as the app runs (decision 0009): it is only used where it does something. */
function startCommand(start: string, packageJson: PackageJson): string {
  return isPlain(packageJson) ? start : "npm start";
}

/** Nothing to run before or after it, and no reference to npm's own variables. */
function isPlain({ scripts }: PackageJson): boolean {
  return (
    scripts["prestart"] === undefined &&
    scripts["poststart"] === undefined &&
    !/npm_(?:config|package|lifecycle)/.test(scripts["start"] ?? "")
  );
}

function npmEnv(packageJson: PackageJson): Record<string, string> {
  return {
    ...(packageJson.name === null ? {} : { npm_package_name: packageJson.name }),
    ...(packageJson.version === null ? {} : { npm_package_version: packageJson.version }),
  };
}
