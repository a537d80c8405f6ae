import { describe, expect, it } from "vitest";
import { BUILDPACKS, choosePlan } from "../../../buildpacks/index.ts";
import { allows } from "../../../buildpacks/python-version.ts";
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
    expect(allows(specifier)).toBe(true);
  });

  it.each(["3.12", "==3.11.*", ">=3.9,<3.13", "~=3.12.0", "~3.12", ">3.13", ">=3.14", "2.7", "^3.14", "<3.13", "!=3.13.*"])(
    "%s has none",
    (specifier) => {
      expect(allows(specifier)).toBe(false);
    },
  );

  it("carries its source, and another one is refused with what there is", () => {
    const described = plan({ ...FLASK, ".python-version": "3.13\n" }).imageRuntime[0];
    expect(described).toMatchObject({ chosen: { version: "3.13", from: ".python-version" } });
    expect(() => plan({ ...FLASK, "runtime.txt": "python-3.11.4\n" })).toThrow(
      expect.objectContaining({ code: "build/python-version", message: expect.stringContaining("Debian 13 has 3.13") }),
    );
  });
});
