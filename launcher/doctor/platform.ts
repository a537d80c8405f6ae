/** What `doctor` sees of the platform: its processes, its state, what is left of dead ones. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { Settings } from "../../core/settings.ts";
import { type Check, type Finding, well } from "./finding.ts";
import { judgeCertificate } from "./judge.ts";

const run = promisify(execFile);
const CLIENT = join(import.meta.dirname, "../../receiver/local-client.ts");
const PATIENCE_MS = 20_000;
const PLATFORM_ID = /^[0-9a-f]{8}$/;

interface CertificateRow {
  readonly host?: string;
  readonly hosts?: readonly string[];
  readonly validTo?: string;
}

export function platformChecks(settings: Settings): Readonly<Record<string, Check>> {
  const up = existsSync(join(settings.runDirectory, "processes/control"));
  return {
    processes: async () =>
      up
        ? processes(settings)
        : [
            {
              check: "processes",
              level: "warning",
              seen: "the platform is down",
              why: "No app answers.",
              mend: `sudo ./pushboat up --data ${settings.dataDirectory}`,
            },
          ],
    redis: async () => (up && settings.redisUrl === null ? [await redis(join(settings.runDirectory, "redis/redis.sock"))] : []),
    state: async () => [await (up ? askedState(settings) : restingState(settings))],
    secrets: async () => [secrets(settings)],
    "left over": async () => [await leftOver()],
    certificates: async () => (up ? await certificates(settings) : []),
  };
}

function processes({ runDirectory, dataDirectory }: Settings): readonly Finding[] {
  return ["supervisor", "control", "router", "dns"].map((name) => {
    const [pid, ticks] = readRecord(join(runDirectory, "processes", name));
    if (pid !== null && ticksOf(pid) === ticks) return well("processes", `${name} runs (${pid})`);
    return {
      check: "processes",
      level: "trouble" as const,
      seen: `${name} does not run`,
      why: name === "supervisor" ? "Nobody starts the others again when they die." : "See docs/architecture.md, Processes.",
      mend: `sudo ./pushboat restart --data ${dataDirectory}; its log: ${dataDirectory}/logs/platform/${name}.log`,
    };
  });
}

function readRecord(file: string): readonly [number | null, string] {
  try {
    const [pid, ticks] = readFileSync(file, "utf8").trim().split(" ");
    return [Number(pid), ticks ?? ""];
  } catch {
    return [null, ""];
  }
}

/** Field 22 of proc_pid_stat(5); the name in brackets may hold anything. */
function ticksOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function redis(path: string): Promise<Finding> {
  return new Promise((resolve) => {
    const trouble = (seen: string): Finding => ({
      check: "redis",
      level: "trouble",
      seen,
      why: "Deployments wait until it is back; what runs is not touched, and nothing is lost.",
      mend: "See DATA/logs/platform/redis.log; the supervisor starts it again.",
    });
    const socket = createConnection(path, () => socket.write("PING\r\n"));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error("no answer")));
    socket.on("error", (error) => resolve(trouble(error.message)));
    socket.on("data", (data) => {
      const answer = data.toString().trim();
      resolve(answer === "+PONG" ? well("redis", "answers") : trouble(answer));
      socket.destroy();
    });
  });
}

/** Control has the state for itself and is asked. */
async function askedState(settings: Settings): Promise<Finding> {
  const { stdout } = await ask(settings, "state:check", "--json");
  const { problems } = JSON.parse(stdout) as { problems: readonly string[] };
  return judgeState(problems);
}

async function restingState({ dataDirectory }: Settings): Promise<Finding> {
  const file = join(dataDirectory, "state.db");
  if (!existsSync(file)) return well("state", "none yet");
  const sql = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = sql.prepare("PRAGMA quick_check").all() as { quick_check: string }[];
    return judgeState(rows.map((row) => row.quick_check).filter((text) => text !== "ok"));
  } catch (thrown) {
    return judgeState([(thrown as Error).message]); // so damaged that SQLite cannot even look
  } finally {
    sql.close();
  }
}

function judgeState(problems: readonly string[]): Finding {
  if (problems.length === 0) return well("state", "SQLite finds no fault");
  return {
    check: "state",
    level: "trouble",
    seen: problems.slice(0, 3).join("; "),
    why: "Apps, config and releases are in it.",
    mend: "Stop (sudo ./pushboat down) and restore the newest backup.",
  };
}

/** What nobody but root may read. */
function secrets({ dataDirectory }: Settings): Finding {
  const open = ["state.db", "key", "settings.env"]
    .map((name) => join(dataDirectory, name))
    .filter((file) => existsSync(file) && (statSync(file).mode & 0o077) !== 0);
  if (open.length === 0) return well("secrets", "state, key and settings are root's alone");
  return {
    check: "secrets",
    level: "trouble",
    seen: `others may read ${open.join(", ")}`,
    why: "Config of every app is in there.",
    mend: `chmod 600 ${open.join(" ")}`,
    repair: async () => {
      await run("chmod", ["600", ...open]);
    },
  };
}

/** Kernel objects that carry the id of a platform which has no run directory any more. */
async function leftOver(): Promise<Finding> {
  const living = new Set(entries("/run/pushboat").filter((id) => entries(`/run/pushboat/${id}`).length > 0));
  const dead = (id: string | undefined): id is string => id !== undefined && PLATFORM_ID.test(id) && !living.has(id);
  const { stdout } = await run("nft", ["list", "tables"]);
  const tables = [...stdout.matchAll(/^table inet (pushboat_([0-9a-f]{8}))$/gm)]
    .filter(([, , id]) => dead(id))
    .map(([, name]) => name as string);
  const groups = entries("/sys/fs/cgroup").flatMap((tree) =>
    entries(`/sys/fs/cgroup/${tree}/pushboat`)
      .filter(dead)
      .map((id) => `/sys/fs/cgroup/${tree}/pushboat/${id}`),
  );
  const runs = entries("/run/pushboat")
    .filter(dead)
    .map((id) => `/run/pushboat/${id}`);
  if (tables.length + groups.length === 0) return well("left over", `nothing of dead platforms (${runs.length} empty directories)`);
  return {
    check: "left over",
    level: "warning",
    seen: [...tables.map((name) => `firewall table ${name}`), ...groups.map((path) => `cgroup ${path}`)].join(", "),
    why: "Of a platform that was not stopped by `down`, for example because its directory was deleted.",
    mend: [...tables.map((name) => `nft delete table inet ${name}`), ...groups.map((path) => `rmdir ${path}`)].join("; "),
    repair: async () => {
      for (const name of tables) await run("nft", ["delete", "table", "inet", name]);
      for (const path of groups) await run("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]); // rmdir refuses where a process lives
    },
  };
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

async function certificates(settings: Settings): Promise<readonly Finding[]> {
  const apps = JSON.parse((await ask(settings, "apps", "--json")).stdout) as { name?: string; app?: string }[];
  const rows: CertificateRow[] = [];
  for (const { name, app } of apps) {
    const listed = await ask(settings, "certs", name ?? app ?? "", "--json").catch(() => ({ stdout: "[]" }));
    rows.push(...([JSON.parse(listed.stdout)].flat() as CertificateRow[]));
  }
  return rows
    .filter(({ validTo }) => validTo !== undefined)
    .map(({ host, hosts, validTo }) => judgeCertificate(host ?? hosts?.join(", ") ?? "", Date.parse(validTo as string), Date.now()));
}

function ask(settings: Settings, ...argv: readonly string[]): Promise<{ stdout: string }> {
  return run(process.execPath, [CLIENT, ...argv, "--data", settings.dataDirectory], { timeout: PATIENCE_MS });
}
