/** How a Python app starts when no Procfile says so: Django, FastAPI and Starlette, Flask, FastHTML, or a script. */
import { PushboatError } from "../core/index.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import type { WebGuess } from "./start.ts";
import { hasTomlTable, tomlTable } from "./toml-text.ts";

export interface DjangoProject {
  /** `mysite`, from DJANGO_SETTINGS_MODULE in manage.py. */
  readonly package: string;
}

export function findDjango(source: SourceTree): DjangoProject | null {
  const settings = /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(source.texts.get("manage.py") ?? "")?.[1];
  return settings === undefined ? null : { package: settings.split(".")[0] ?? settings };
}

/** Where a module may lie, most usual first. */
const MODULES = ["main.py", "app.py", "asgi.py", "wsgi.py", "server.py", "app/main.py", "src/main.py", "api/main.py", "app/__init__.py"];

/** Gunicorn's workers are threads of one process here: a process has as much memory as the formation gives it, and ps:scale makes more. */
const GUNICORN = "gunicorn --bind 0.0.0.0:$PORT --threads 8";
const UVICORN = "uvicorn --host 0.0.0.0 --port $PORT --proxy-headers --forwarded-allow-ips='*'";

export function guessWeb(source: SourceTree, names: ReadonlySet<string>): WebGuess | null {
  return guessDjango(source, names) ?? guessModule(source, names) ?? guessProjectScript(source) ?? guessScript(source);
}

function guessDjango(source: SourceTree, names: ReadonlySet<string>): WebGuess | null {
  const django = findDjango(source);
  if (django === null) return null;
  const from = "manage.py (Django)";
  const has = (file: string): boolean => hasFile(source, `${django.package}/${file}`);
  if (names.has("gunicorn") && has("wsgi.py")) return { command: `${GUNICORN} ${django.package}.wsgi`, from };
  if (names.has("uvicorn") && has("asgi.py")) return { command: `${UVICORN} ${django.package}.asgi:application`, from };
  if (names.has("daphne") && has("asgi.py")) return { command: `daphne -b 0.0.0.0 -p $PORT ${django.package}.asgi:application`, from };
  if (names.has("waitress") && has("wsgi.py")) return { command: `waitress-serve --port=$PORT ${django.package}.wsgi:application`, from };
  throw noServer("Django", "gunicorn");
}

function guessModule(source: SourceTree, names: ReadonlySet<string>): WebGuess | null {
  for (const file of MODULES) {
    const text = source.texts.get(file) ?? "";
    const found = /^(\w+)(?:\s*:\s*[\w.]+)?\s*=\s*(?:\w+\.)?(FastAPI|Starlette|Quart|Litestar|Sanic|Flask|create_app|make_app)\(/m.exec(
      text,
    );
    const fastHtml = /^(\w+)\s*(?:,\s*\w+)?\s*=\s*(?:\w+\.)?(fast_app|FastHTML)\(/m.exec(text);
    const [, variable, kind] = found ?? fastHtml ?? [];
    if (variable === undefined || kind === undefined) continue;
    const target = `${moduleOf(file)}:${variable}`;
    if (kind === "Flask" || (kind.endsWith("_app") === true && kind !== "fast_app")) return wsgi(target, file, names);
    return asgi(target, file, kind, names);
  }
  return null;
}

function moduleOf(file: string): string {
  return file
    .replace(/(?:\/__init__)?\.py$/, "")
    .split("/")
    .join(".");
}

function wsgi(target: string, file: string, names: ReadonlySet<string>): WebGuess {
  const from = `${file} (Flask)`;
  if (names.has("gunicorn")) return { command: `${GUNICORN} ${target}`, from };
  if (names.has("waitress")) return { command: `waitress-serve --port=$PORT ${target}`, from };
  throw noServer("Flask", "gunicorn");
}

function asgi(target: string, file: string, kind: string, names: ReadonlySet<string>): WebGuess {
  const from = `${file} (${kind === "fast_app" ? "FastHTML" : kind})`;
  if (names.has("uvicorn") || names.has("python-fasthtml") || names.has("fastapi-cli")) return { command: `${UVICORN} ${target}`, from };
  if (names.has("hypercorn")) return { command: `hypercorn --bind 0.0.0.0:$PORT ${target}`, from };
  throw noServer(kind, "uvicorn");
}

/** The only command that the project installs, or the one with the name of a server. */
function guessProjectScript(source: SourceTree): WebGuess | null {
  const pyproject = source.texts.get("pyproject.toml") ?? "";
  const table = ["project.scripts", "tool.poetry.scripts"].map((name) => tomlTable(pyproject, name)).find((text) => text !== null) ?? "";
  const names = [...table.matchAll(/^\s*"?([\w.-]+)"?\s*=/gm)].map(([, name]) => name ?? "");
  const chosen = names.length === 1 ? names[0] : names.find((name) => /^(?:web|server|serve|start|app)$/.test(name));
  return chosen === undefined || !hasTomlTable(pyproject, "build-system")
    ? null
    : { command: chosen, from: `the script ${chosen} of pyproject.toml` };
}

/** A script that listens by itself. */
function guessScript(source: SourceTree): WebGuess | null {
  const file = ["main.py", "app.py", "server.py"].find((name) => hasFile(source, name));
  return file === undefined ? null : { command: `python ${file}`, from: file };
}

function noServer(framework: string, server: string): PushboatError {
  return new PushboatError({
    code: "build/python-server",
    message: `This is a ${framework} app, but none of its dependencies is a server (${server})`,
    hint: `Add ${server} to the dependencies (its own development server is not made for visitors), lock them, and push again;\nor add a Procfile with a line that begins with  web:`,
  });
}
