/** What a Node app runs: its Procfile, its start script, or server.js. */
import { type Processes, parseProcfile, WEB } from "../core/index.ts";
import type { Project, ServerServing } from "./framework.ts";
import { detectFramework } from "./frameworks.ts";
import type { PackageJson } from "./package-json.ts";
import { hasFile } from "./source-tree.ts";

export interface NodeProcesses {
  readonly processes: Processes;
  /** `a start script`, `a Procfile`, `Next.js`. */
  readonly from: string;
  /** What the framework's server needs, or what `npm start` would set; the latter only where the start script runs without npm. */
  readonly env: Readonly<Record<string, string>>;
  /** Whose server runs; null where the app itself says what to start. */
  readonly framework: { readonly name: string; readonly serving: ServerServing } | null;
}

/** A Procfile may leave web to the start script, as on Heroku. null: there is nothing to start. */
export function planProcesses({ source, packageJson }: Project): NodeProcesses | null {
  const procfile = source.texts.get("Procfile");
  const named = procfile === undefined ? {} : parseProcfile(procfile);
  if (named[WEB] !== undefined) return { processes: named, from: "a Procfile", env: {}, framework: null };
  const web = planWeb({ source, packageJson });
  if (web === null) {
    return Object.keys(named).length > 0 ? { processes: named, from: "a Procfile", env: {}, framework: null } : null;
  }
  const { command, ...rest } = web;
  return { ...rest, processes: { [WEB]: { form: "shell", command: [command] }, ...named } as Processes };
}

type Web = Omit<NodeProcesses, "processes"> & { readonly command: string };

function planWeb(project: Project): Web | null {
  const { source, packageJson } = project;
  const framework = detectFramework(project);
  const start = packageJson.scripts["start"]?.trim();
  const builds = packageJson.scripts["build"] !== undefined;
  const isStart = start && !framework?.notAStart.test(start) && !(DEVELOPMENT_SERVER.test(start) && builds);
  if (isStart) {
    const env = isPlain(packageJson) ? npmEnv(packageJson) : {};
    return { command: startCommand(start, packageJson), from: "a start script", env, framework: null };
  }
  const serving = framework?.serve(project) ?? null;
  if (framework !== null && serving?.kind === "server") {
    return { command: serving.command, from: framework.name, env: serving.env, framework: { name: framework.name, serving } };
  }
  return hasFile(source, "server.js") ? { command: "node server.js", from: "server.js", env: {}, framework: null } : null;
}

/** Beside a build script these serve a developer, not visitors: generators put them there. Frameworks name their own. */
const DEVELOPMENT_SERVER = /^(?:parcel(?: serve)?|webpack(?:-dev-server| serve))(?: |$)/;

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
