/**
 * `support-bundle FILE`: what somebody needs who shall help, without what is secret: doctor's findings, settings, what runs, the last
 * lines of our own logs. Nothing of the apps' own logs and no config. Run by the launcher: `node launcher/support-bundle.ts FILE`.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseSettings } from "../core/settings.ts";
import { redact } from "./support-bundle/redact.ts";

const run = promisify(execFile);
const CLIENT = join(import.meta.dirname, "../receiver/local-client.ts");
const LOG_TAIL_BYTES = 500_000;
const PATIENCE_MS = 60_000;
const MOST_OUTPUT_BYTES = 50_000_000;

/** Commands of the platform whose answers help. */
const QUESTIONS: readonly (readonly string[])[] = [
  ["status"],
  ["apps"],
  ["deploys"],
  ["routes"],
  ["router:status"],
  ["disk"],
  ["audit"],
  ["version"],
];
/** Tools of the machine. */
const TOOLS: readonly (readonly [string, ...string[]])[] = [
  ["uname", "-a"],
  ["cat", "/etc/os-release"],
  ["free", "-m"],
  ["df", "-h"],
  ["df", "-i"],
  ["runc", "--version"],
  ["nft", "list", "tables"],
  ["ip", "-brief", "address"],
  ["ps", "-eo", "pid,ppid,user,rss,etime,comm"],
];

const file = process.argv[2] as string;
const settings = parseSettings(process.env);
const secrets = await knownSecrets();
const directory = mkdtempSync(join(tmpdir(), "pushboat-support-"));
try {
  const top = join(directory, "pushboat-support");
  mkdirSync(top);
  const put = (name: string, text: string): void => writeFileSync(join(top, name), redact(text, secrets));
  put("settings.txt", read(join(settings.dataDirectory, "settings.env")));
  put("doctor.txt", await outputOf(process.execPath, join(import.meta.dirname, "doctor.ts")));
  for (const question of QUESTIONS) put(`${question.join("-").replaceAll(":", "-")}.json`, await ask(...question, "--json"));
  put("machine.txt", (await Promise.all(TOOLS.map(async (argv) => `$ ${argv.join(" ")}\n${await outputOf(...argv)}\n`))).join("\n"));
  const logs = join(settings.dataDirectory, "logs/platform");
  for (const name of readdirSync(logs)) put(name, read(join(logs, name)).slice(-LOG_TAIL_BYTES));
  await run("tar", ["-C", directory, "-czf", file, "pushboat-support"]);
  process.stdout.write(`${file}: secrets were taken out; look through it before you send it on (tar -tzf ${file}).\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Values of the config of every environment; where the platform is down, none is known, and the shapes of secrets have to do. */
async function knownSecrets(): Promise<readonly string[]> {
  const values: string[] = [];
  for (const name of namesIn(await ask("apps", "--json"))) {
    for (const environment of namesIn(await ask("envs", name, "--json"))) {
      const text = await ask("config", environment, "--json");
      values.push(...stringsIn(parsed(text)));
    }
  }
  return values;
}

function namesIn(text: string): readonly string[] {
  const rows = parsed(text);
  if (!Array.isArray(rows)) return [];
  return rows
    .flatMap((row: Record<string, unknown>) => [row["environment"] ?? row["name"] ?? row["app"]])
    .filter((name) => typeof name === "string");
}

/** Every text in a value of any shape: the form of `config --json` may change, its secrets are still found. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value === null || typeof value !== "object" ? [] : Object.values(value).flatMap(stringsIn);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ask(...argv: readonly string[]): Promise<string> {
  return outputOf(process.execPath, CLIENT, ...argv, "--data", settings.dataDirectory);
}

/** What it printed, whatever its end. */
async function outputOf(program: string, ...argv: readonly string[]): Promise<string> {
  try {
    return (await run(program, argv, { timeout: PATIENCE_MS, maxBuffer: MOST_OUTPUT_BYTES })).stdout;
  } catch (thrown) {
    const { stdout, message } = thrown as { stdout?: string; message: string };
    return `${stdout ?? ""}\n${message}\n`;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    return `${(thrown as Error).message}\n`;
  }
}
