/** Python: requirements.txt, uv, Poetry, PDM, Pipenv or a plain pyproject.toml; Debian's Python, dependencies in /app/.venv. */
import { PushboatError } from "../core/index.ts";
import { BUILD_TOOLS } from "./debian.ts";
import type { BuildPlan, Buildpack, PackagesRequest, StepPlan } from "./plan.ts";
import { type PythonDependencies, planPythonDependencies } from "./python-dependencies.ts";
import { findDjango, guessWeb } from "./python-start.ts";
import { choosePython, type DebianPython, type PythonChoice } from "./python-version.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { planStart } from "./start.ts";

export const python: Buildpack = {
  id: "python",
  name: "Python",
  looksFor: "requirements.txt, pyproject.toml, Pipfile, or a main.py or app.py",
  facts: {
    versions:
      "3.13 (Debian 13's) and 3.11 (Debian 12's), the newest that is allowed: by `.python-version`, `runtime.txt`, `requires-python`, Poetry's `python` or Pipfile, the first of these that says something; what allows neither is refused.",
    dependencies:
      "uv installs what uv.lock (frozen), poetry.lock, pdm.lock, Pipfile.lock, requirements.txt or pyproject.toml say; the first of them that is there. Tests have the dev groups too, or requirements-dev.txt. A project with src/ or scripts of its own is installed itself (editable).",
    reuse: "uv's cache is kept. The layer with .venv is made anew when one of these files changes.",
    start:
      "Django (manage.py), FastAPI, Starlette, FastHTML and others (uvicorn), Flask (gunicorn or waitress) in main.py, app.py, asgi.py, wsgi.py, server.py, app/, src/ or api/; the only script of [project.scripts]; else `python main.py`. The server has to be among the dependencies. Django's static files are collected.",
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

/** Compiled code goes by the hash of its source, not by times, and is the same each time. */
const COMPILE_ENV = { UV_COMPILE_BYTECODE: "1", PYC_INVALIDATION_MODE: "UNCHECKED_HASH", PYTHONHASHSEED: "0" };

const RUN_ENV = { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1", VIRTUAL_ENV: "/app/.venv" };

function planPython(source: SourceTree): BuildPlan | null {
  const files = ["requirements.txt", "pyproject.toml", "Pipfile", "manage.py", "main.py", "app.py"];
  const manifest = files.find((name) => hasFile(source, name));
  if (manifest === undefined) return null;
  const chosen = choosePython(source);
  const dependencies = planPythonDependencies(source, chosen.python);
  const names = dependencies?.names ?? new Set<string>();
  const start = planStart(source, () => guessWeb(source, names));
  if (start === null) {
    if (dependencies === null) return null;
    throw nothingToStart(dependencies.from);
  }
  const steps = [...(dependencies === null ? [] : [dependencyStep(dependencies)]), ...buildStep(source, dependencies)];
  const runtime = pythonRuntime(chosen);
  return {
    buildpack: python.name,
    reason: `${dependencies?.from ?? manifest}, started by ${start.from}`,
    buildRuntime: steps.length === 0 ? [] : [BUILD_TOOLS, runtime, ...headers(chosen.python), PYTHON_BUILD],
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

function pythonRuntime({ python, from }: PythonChoice): PackagesRequest {
  const { version, debian } = python;
  const rest = { kind: "packages", name: "python", title: `python ${version}`, chosen: { language: "Python", version, from } } as const;
  if (debian === null) {
    const packages = ["python3", "python3-venv", "libpython3-stdlib", "media-types"];
    return { ...rest, packages, command: "ln -s /usr/bin/python3 /usr/local/bin/python" };
  }
  const command = `for name in python python3; do ln -s /usr/bin/python${version} /usr/local/bin/$name; done`;
  return { ...rest, packages: [`python${version}`, "media-types"], debian, command };
}

/** For extensions that have no wheel; those of Debian 13's Python come with uv. */
function headers({ version, debian }: DebianPython): readonly PackagesRequest[] {
  if (debian === null) return [];
  const title = `headers of python ${version}`;
  return [{ kind: "packages", name: "python-dev", title, packages: [`libpython${version}-dev`, `python${version}`], debian }];
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
    env: { PATH, ...COMPILE_ENV, ...UV_ENV },
    keeps: { kind: "only", path: ".venv" },
  };
}

function testDependencyStep(dependencies: PythonDependencies, install: readonly string[]): StepPlan {
  return { ...dependencyStep({ ...dependencies, install }), name: "test-dependencies", title: "dependencies for the tests" };
}

/** What needs the app's own files: its package, and its static files. */
function buildStep(source: SourceTree, dependencies: PythonDependencies | null): readonly StepPlan[] {
  const install = dependencies?.installsProject === true;
  const collects = findDjango(source) !== null;
  if (!install && !collects) return [];
  const titles = [...(install ? ["the project itself"] : []), ...(collects ? ["collectstatic"] : [])];
  return [
    {
      name: "build",
      kind: "build",
      title: titles.join(", "),
      sees: "tree",
      on: dependencies === null ? [] : ["dependencies"],
      command: ["set -e", ...(install ? [INSTALL_PROJECT] : []), ...(collects ? [COLLECT_STATIC] : [])].join("\n"),
      env: { PATH, ...UV_ENV, ...RUN_ENV },
      keeps: { kind: "all", except: [] },
    },
  ];
}

/** Editable: the code stays where it is, in /app. */
const INSTALL_PROJECT = "uv pip install --no-deps --editable .";

/** As on Heroku: Django's static files, unless its settings have no place for them. */
const COLLECT_STATIC = `if python -c 'import os, django
exec([line for line in open("manage.py") if "DJANGO_SETTINGS_MODULE" in line][0].strip())
from django.conf import settings
raise SystemExit(0 if settings.STATIC_ROOT and "django.contrib.staticfiles" in settings.INSTALLED_APPS else 1)'
then python manage.py collectstatic --noinput
else echo "No static files: the settings have no STATIC_ROOT"
fi`;

function nothingToStart(from: string): PushboatError {
  return new PushboatError({
    code: "build/python-start",
    message: `${from} says what to install, but nothing says how to start the app: no Procfile, no manage.py, no app in main.py or app.py`,
    hint: "Add a Procfile with the line  web: gunicorn --bind 0.0.0.0:$PORT MODULE:APP",
  });
}
