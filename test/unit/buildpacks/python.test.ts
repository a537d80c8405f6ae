import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { allows, type DebianPython, PYTHONS } from "../../../buildpacks/python-version.ts";
import { WEB } from "../../../core/index.ts";
import { type Files, sourceOf } from "./source-of.ts";

const FLASK = { "app.py": "from flask import Flask\napp = Flask(__name__)\n", "requirements.txt": "flask==3.1.3\ngunicorn==27.0.1\n" };
const MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n';

const plan = (files: Files) => choosePlan(sourceOf(files), BUILDPACKS);
const web = (files: Files) => plan(files).processes[WEB]?.command[0];

describe("a Python app", () => {
  it.each([
    ["Flask with gunicorn", FLASK, "gunicorn --bind 0.0.0.0:$PORT --threads 8 app:app"],
    ["Flask with waitress", { ...FLASK, "requirements.txt": "Flask\nwaitress\n" }, "waitress-serve --port=$PORT app:app"],
    [
      "FastAPI in a package",
      { "app/main.py": "from fastapi import FastAPI\napi = FastAPI(title='x')\n", "requirements.txt": "fastapi\nuvicorn[standard]\n" },
      "uvicorn --host 0.0.0.0 --port $PORT --proxy-headers --forwarded-allow-ips='*' app.main:api",
    ],
    [
      "Django",
      { "manage.py": MANAGE, "mysite/wsgi.py": "", "requirements.txt": "Django\ngunicorn\n" },
      "gunicorn --bind 0.0.0.0:$PORT --threads 8 mysite.wsgi",
    ],
    ["a script that listens by itself", { "main.py": "serve()\n" }, "python main.py"],
    ["a Procfile", { ...FLASK, Procfile: "web: gunicorn -w 4 app:app\n" }, "gunicorn -w 4 app:app"],
  ])("starts: %s", (_, files, command) => {
    expect(web(files as unknown as Files)).toBe(command);
  });

  it("without a server among its dependencies is refused with the name of one", () => {
    expect(() => plan({ ...FLASK, "requirements.txt": "flask\n" })).toThrow(
      expect.objectContaining({ code: "build/python-server", hint: expect.stringContaining("Add gunicorn") }),
    );
  });

  it.each([
    [
      "uv.lock",
      { "pyproject.toml": '[project]\nname = "x"\n', "uv.lock": 'name = "flask"\nname = "gunicorn"\n' },
      ["pyproject.toml", "uv.lock"],
    ],
    ["poetry.lock", { "pyproject.toml": "[tool.poetry]\n", "poetry.lock": 'name = "gunicorn"\n' }, ["pyproject.toml", "poetry.lock"]],
    ["Pipfile.lock", { Pipfile: "", "Pipfile.lock": '        "gunicorn": {\n' }, ["Pipfile", "Pipfile.lock"]],
    ["requirements.txt", FLASK, ["requirements.txt"]],
  ])("installs from %s in a layer that sees nothing else", (name, files, sees) => {
    const chosen = plan({ "app.py": FLASK["app.py"], ...files });
    expect(chosen.reason).toContain(name);
    const step = chosen.steps.find((each) => each.name === "dependencies");
    expect(step?.sees).toEqual(sees.map((path) => ({ path })));
    expect(step?.keeps).toEqual({ kind: "only", path: ".venv" });
  });

  it("whose requirements name a package in the tree installs on the whole tree", () => {
    const step = plan({ ...FLASK, "requirements.txt": "flask\ngunicorn\n-e ./lib\n" }).steps[0];
    expect(step?.sees).toBe("tree");
  });

  it("has compilers and uv in its build, and neither in its image", () => {
    const { buildRuntime, imageRuntime } = plan(FLASK);
    const names = (requests: typeof imageRuntime) => requests.map((each) => (each.kind === "packages" ? each.name : each.kind));
    expect(names(buildRuntime)).toEqual(["tools", "python", "uv"]);
    expect(names(imageRuntime)).toEqual(["python"]);
  });
});

const [PYTHON_13, PYTHON_11] = PYTHONS as [DebianPython, DebianPython];

describe("the Python version", () => {
  it.each([
    ">=3.9",
    ">=3.9,<4",
    "^3.11",
    "~=3.10",
    "==3.13.*",
    "3.13",
    "3.13.1",
    "3",
    ">=3.13.2",
    "~3.13",
    ">=3.8,!=3.9.*",
    "<3.13.9",
    "*",
  ])("%s has room for 3.13", (specifier) => {
    expect(allows(specifier, PYTHON_13)).toBe(true);
  });

  it.each(["3.12", "==3.11.*", ">=3.9,<3.13", "~=3.12.0", "~3.12", ">3.13", ">=3.14", "2.7", "^3.14", "<3.13", "!=3.13.*"])(
    "%s has none",
    (specifier) => {
      expect(allows(specifier, PYTHON_13)).toBe(false);
    },
  );

  it("knows that Debian's 3.11 stays at one patch release", () => {
    const room = (specifier: string) => allows(specifier, PYTHON_11);
    expect([">=3.11", ">=3.11.1,<3.12", "~=3.11.0", "3.11"].map(room)).toEqual([true, true, true, true]);
    expect([">=3.11.4,<3.12", "~=3.11.5", ">3.11.2,<3.12", "^3.12"].map(room)).toEqual([false, false, false, false]);
  });

  it("is the newest that is allowed, and carries its source: files that name one before those that name a range", () => {
    const chosen = (files: Files) => {
      const runtime = plan({ ...FLASK, ...files }).imageRuntime[0];
      return runtime?.kind === "packages" ? `${runtime.chosen?.version} from ${runtime.chosen?.from}` : null;
    };
    const pyproject = '[project]\nname = "x"\nrequires-python = ">=3.10,<3.13"\n';
    expect(chosen({ "pyproject.toml": pyproject })).toBe("3.11 from requires-python in pyproject.toml");
    expect(chosen({ "pyproject.toml": pyproject, "runtime.txt": "python-3.13.2\n" })).toBe("3.13 from runtime.txt");
    expect(chosen({ "runtime.txt": "python-3.13.2\n", ".python-version": "# ours\n3.11\n" })).toBe("3.11 from .python-version");
    expect(chosen({})).toBe("3.13 from Pushboat's default, Debian 13's");
    expect(plan({ ...FLASK, ".python-version": "3.11.9" }).warnings).toEqual([
      ".python-version asks for Python 3.11.9: Debian's newest 3.11 is used",
    ]);
  });

  it("is Debian 12's beside the base image's packages, with its headers in the build", () => {
    const { imageRuntime, buildRuntime } = plan({ ...FLASK, ".python-version": "3.11" });
    expect(imageRuntime).toEqual([expect.objectContaining({ debian: "bookworm", packages: ["python3.11", "media-types"] })]);
    expect(buildRuntime).toContainEqual(expect.objectContaining({ debian: "bookworm", packages: ["libpython3.11-dev", "python3.11"] }));
  });

  it("is refused where it is not there, with those that are and the Dockerfile way", () => {
    expect(() => plan({ ...FLASK, "runtime.txt": "python-3.12.4\n" })).toThrow(
      expect.objectContaining({
        code: "build/python-version",
        message: expect.stringContaining("there are 3.13 and 3.11"),
        hint: expect.stringContaining("FROM python:VERSION-slim"),
      }),
    );
  });
});

describe("the dev dependencies of a Python app", () => {
  const pyproject = '[project]\nname = "x"\n[dependency-groups]\ndev = ["pytest"]\n';
  it.each<[string, Files, RegExp, RegExp]>([
    ["uv.lock", { "pyproject.toml": pyproject, "uv.lock": 'name = "gunicorn"\n' }, /--no-dev/, /uv sync (?!.*--no-dev)/],
    ["poetry.lock", { "pyproject.toml": "[tool.poetry]\n", "poetry.lock": 'name = "gunicorn"\n' }, /export --format/, /--all-groups/],
    ["pdm.lock", { "pyproject.toml": pyproject, "pdm.lock": 'name = "gunicorn"\n' }, /WANTED= /, /WANTED=all /],
    ["Pipfile.lock", { Pipfile: "", "Pipfile.lock": '        "gunicorn": {\n' }, /WANTED= /, /WANTED=all /],
    ["requirements-dev.txt", { ...FLASK, "requirements-dev.txt": "pytest" }, /-r requirements\.txt$/, /-r requirements-dev\.txt$/],
    [
      "[dependency-groups]",
      { "pyproject.toml": pyproject.replace("\n", '\ndependencies = ["gunicorn"]\n') },
      /pyproject\.toml$/,
      /--group dev$/,
    ],
  ])("of %s are there for its tests, and not in its image", (_, files, production, tests) => {
    const { steps, testSteps } = plan({ "app.py": FLASK["app.py"], ...files });
    expect(steps[0]?.command).toMatch(production);
    expect(testSteps?.[0]?.command).toMatch(tests);
  });
});

describe("a project that is a package", () => {
  const pyproject = '[project]\nname = "x"\ndependencies = ["flask"]\n[build-system]\nrequires = ["flit_core"]\n';

  it("with code in src/ is installed itself, on top of a layer that only its dependencies decide", () => {
    const files = { "pyproject.toml": pyproject, Procfile: "web: x", "src/x/__init__.py": "" };
    expect(plan(files).steps.map(({ name, command, sees }) => [name, command.split("\n").at(-1), sees === "tree"])).toEqual([
      ["dependencies", "uv pip install -r pyproject.toml", false],
      ["build", "uv pip install --no-deps --editable .", true],
    ]);
  });

  it("is started by its only script", () => {
    expect(web({ "pyproject.toml": `${pyproject}[project.scripts]\nhello = "x:main"\n`, "x.py": "" })).toBe("hello");
  });

  it("whose lockfile names packages in the tree is installed on the whole tree", () => {
    const lock = (source: string) => ({ "uv.lock": `name = "gunicorn"\nsource = { ${source} }\n`, "pyproject.toml": pyproject });
    const sees = (source: string) => plan({ "app.py": FLASK["app.py"], ...lock(source) }).steps[0]?.sees;
    expect(sees('editable = "packages/lib"')).toBe("tree");
    expect(sees('registry = "wheels"')).toBe("tree");
    expect(sees('registry = "https://example.com/simple"')).not.toBe("tree");
    expect(sees('editable = "."')).not.toBe("tree");
  });
});
