/** Python: requirements.txt, uv, Poetry, PDM, Pipenv or a plain pyproject.toml; Debian's Python, dependencies in /app/.venv. */
import { PushboatError } from "../core/index.ts";
import { BUILD_TOOLS } from "./debian.ts";
import type { BuildPlan, Buildpack, PackagesRequest, StepPlan } from "./plan.ts";
import { type PythonDependencies, planPythonDependencies } from "./python-dependencies.ts";
import { findDjango, guessWeb } from "./python-start.ts";
import { choosePython, DEBIAN_PYTHON } from "./python-version.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { planStart } from "./start.ts";

export const python: Buildpack = {
  id: "python",
  name: "Python",
  looksFor: "requirements.txt, pyproject.toml, Pipfile, or a main.py or app.py",
  facts: {
    versions:
      "3.13 (Debian 13's). `.python-version`, `runtime.txt`, `requires-python`, Poetry's `python` and Pipfile are read; what leaves no room for 3.13 is refused.",
    dependencies:
      "uv installs what uv.lock (frozen), poetry.lock, pdm.lock, Pipfile.lock, requirements.txt or pyproject.toml say; the first of them that is there.",
    reuse: "uv's cache is kept. The layer with .venv is made anew when one of these files changes.",
    start:
      "Django (manage.py), FastAPI, Starlette, FastHTML and others (uvicorn), Flask (gunicorn or waitress) in main.py, app.py, asgi.py, wsgi.py, server.py, app/, src/ or api/; else `python main.py`. The server has to be among the dependencies. Django's static files are collected.",
    image: "Debian's Python, .venv and the repository; no compiler, no uv.",
  },
  plan: planPython,
};

const PATH = "/app/.venv/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

/** Exact: it is part of the identity of every dependency layer. */
const UV = "0.13.8";

const CACHE = "/var/cache/uv";

/** The wheel and source cache may be another filesystem than /app. Debian's Python is the only one. */
const UV_ENV = {
  UV_LINK_MODE: "copy",
  UV_PYTHON_DOWNLOADS: "never",
  UV_NO_PROGRESS: "1",
  UV_SYSTEM_CERTS: "1",
  VIRTUAL_ENV: "/app/.venv",
};

const RUN_ENV = { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1", VIRTUAL_ENV: "/app/.venv" };

function planPython(source: SourceTree): BuildPlan | null {
  const files = ["requirements.txt", "pyproject.toml", "Pipfile", "manage.py", "main.py", "app.py"];
  const manifest = files.find((name) => hasFile(source, name));
  if (manifest === undefined) return null;
  const dependencies = planPythonDependencies(source);
  const names = dependencies?.names ?? new Set<string>();
  const start = planStart(source, () => guessWeb(source, names));
  if (start === null) {
    if (dependencies === null) return null;
    throw nothingToStart(dependencies.from);
  }
  const chosen = choosePython(source);
  const steps = [...(dependencies === null ? [] : [dependencyStep(dependencies)]), ...collectStatic(source, dependencies)];
  const runtime: PackagesRequest = {
    kind: "packages",
    name: "python",
    title: `python ${DEBIAN_PYTHON}`,
    packages: ["python3", "python3-venv", "libpython3-stdlib", "media-types"],
    command: "ln -s /usr/bin/python3 /usr/local/bin/python",
    chosen: { language: "Python", version: DEBIAN_PYTHON, from: chosen.from },
  };
  return {
    buildpack: python.name,
    reason: `${dependencies?.from ?? manifest}, started by ${start.from}`,
    buildRuntime: steps.length === 0 ? [] : [BUILD_TOOLS, runtime, PYTHON_BUILD],
    imageRuntime: [runtime],
    caches: [{ name: "uv", directory: CACHE, env: { UV_CACHE_DIR: CACHE } }],
    steps,
    testSteps: dependencies?.testInstall === undefined ? [] : [testDependencyStep(dependencies, dependencies.testInstall)],
    imageSteps: steps.map(({ name }) => name),
    imageHasSource: true,
    env: { PATH, ...RUN_ENV },
    processes: start.processes,
    warnings: [...chosen.warnings, ...(dependencies?.warnings ?? [])],
  };
}

/** Headers for extensions that have no wheel, and uv itself. */
const PYTHON_BUILD: PackagesRequest = {
  kind: "packages",
  name: "uv",
  title: `uv ${UV}`,
  packages: ["python3", "python3-dev", "python3-venv", "python3-pip"],
  command: `pip install --quiet --no-cache-dir --break-system-packages --root-user-action=ignore uv==${UV}`,
};

function dependencyStep({ install, sees }: PythonDependencies): StepPlan {
  return {
    name: "dependencies",
    kind: "dependencies",
    title: "dependencies",
    sees,
    on: [],
    command: ["set -e", ...install].join("\n"),
    env: { PATH, UV_COMPILE_BYTECODE: "1", ...UV_ENV },
    keeps: { kind: "only", path: ".venv" },
  };
}

function testDependencyStep(dependencies: PythonDependencies, install: readonly string[]): StepPlan {
  return { ...dependencyStep({ ...dependencies, install }), name: "test-dependencies", title: "dependencies for the tests" };
}

/** As on Heroku: Django's static files, unless its settings have no place for them. */
function collectStatic(source: SourceTree, dependencies: PythonDependencies | null): readonly StepPlan[] {
  if (findDjango(source) === null) return [];
  const command = `if python -c 'import os, django
exec([line for line in open("manage.py") if "DJANGO_SETTINGS_MODULE" in line][0].strip())
from django.conf import settings
raise SystemExit(0 if settings.STATIC_ROOT and "django.contrib.staticfiles" in settings.INSTALLED_APPS else 1)'
then python manage.py collectstatic --noinput
else echo "No static files: the settings have no STATIC_ROOT"
fi`;
  return [
    {
      name: "build",
      kind: "build",
      title: "collectstatic",
      sees: "tree",
      on: dependencies === null ? [] : ["dependencies"],
      command,
      env: { PATH, ...RUN_ENV },
      keeps: { kind: "all", except: [] },
    },
  ];
}

function nothingToStart(from: string): PushboatError {
  return new PushboatError({
    code: "build/python-start",
    message: `${from} says what to install, but nothing says how to start the app: no Procfile, no manage.py, no app in main.py or app.py`,
    hint: "Add a Procfile with the line  web: gunicorn --bind 0.0.0.0:$PORT MODULE:APP",
  });
}
