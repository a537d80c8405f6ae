/** How a Python project's dependencies are installed: which file says what, which tool reads it. uv does the installing. */
import { PushboatError } from "../core/index.ts";
import type { SeenPath, StepPlan } from "./plan.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { hasTomlTable, tomlText } from "./toml-text.ts";

export interface PythonDependencies {
  /** `requirements.txt`, `uv.lock`. */
  readonly from: string;
  /** Commands that fill /app/.venv. */
  readonly install: readonly string[];
  /** The same with dev dependencies, where the lockfile tells them apart. */
  readonly testInstall?: readonly string[];
  readonly sees: StepPlan["sees"];
  /** Every name that the project names as a dependency, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

const VENV = "uv venv --quiet --python /usr/bin/python3 .venv";

/** In this order: a lockfile is what the developer ran; requirements.txt before a pyproject.toml that may only hold a linter's settings. */
export function planPythonDependencies(source: SourceTree): PythonDependencies | null {
  const pyproject = source.texts.get("pyproject.toml") ?? "";
  const names = dependencyNames(source);
  const plan = (
    from: string,
    install: readonly string[],
    files: readonly string[],
    warnings: readonly string[] = [],
  ): PythonDependencies => ({
    from,
    install: [VENV, ...install],
    sees: seen(source, files),
    names,
    warnings,
  });
  if (hasFile(source, "uv.lock")) {
    const sync = (dev: string) => `uv sync --frozen ${dev}--no-install-workspace --python /usr/bin/python3`;
    const production = plan("uv.lock", [sync("--no-dev ")], ["pyproject.toml", "uv.lock", ".python-version", "uv.toml"]);
    return { ...production, testInstall: [VENV, sync("")] };
  }
  if (hasFile(source, "poetry.lock")) {
    // The export is made by Poetry itself, so that markers and groups are what it says they are.
    const exported = `uvx --quiet --with poetry-plugin-export ${POETRY} export --format requirements.txt --output /tmp/requirements.txt`;
    return plan("poetry.lock", [exported, "uv pip install -r /tmp/requirements.txt"], ["pyproject.toml", "poetry.lock", "poetry.toml"]);
  }
  if (hasFile(source, "pdm.lock")) {
    return plan("pdm.lock", [PDM_LOCK, "uv pip install -r /tmp/requirements.txt"], ["pyproject.toml", "pdm.lock"]);
  }
  if (hasFile(source, "Pipfile.lock")) {
    return plan("Pipfile.lock", [PIPFILE_LOCK, "uv pip install -r /tmp/requirements.txt"], ["Pipfile", "Pipfile.lock"]);
  }
  if (hasFile(source, "requirements.txt")) {
    return plan("requirements.txt", ["uv pip install -r requirements.txt"], ["requirements.txt", "requirements", "constraints.txt"]);
  }
  if (hasFile(source, "Pipfile")) {
    throw new PushboatError({
      code: "build/pipfile-lock",
      message: "There is a Pipfile, but no Pipfile.lock",
      hint: "Run `pipenv lock`, commit Pipfile.lock, and push again.",
    });
  }
  if (hasTomlTable(pyproject, "project")) return unlocked(source, pyproject, plan);
  if (hasTomlTable(pyproject, "tool.poetry")) {
    throw new PushboatError({
      code: "build/poetry-lock",
      message: "pyproject.toml is Poetry's, but there is no poetry.lock",
      hint: "Run `poetry lock`, commit poetry.lock, and push again.",
    });
  }
  return null;
}

/** Exact, so that a new one installs nothing anew. */
const POETRY = "poetry@2.1.3";

/** PDM's lockfile as a requirements file, with the hashes; the default group only. */
const PDM_LOCK = `python3 - <<'END'
import tomllib
lock = tomllib.load(open("pdm.lock", "rb"))
with open("/tmp/requirements.txt", "w") as out:
    for package in lock["package"]:
        if "default" not in package.get("groups", ["default"]):
            continue
        name = package["name"] + ("[" + ",".join(package["extras"]) + "]" if "extras" in package else "")
        marker = " ; " + package["marker"] if "marker" in package else ""
        if "git" in package:
            print(f"{name} @ git+{package['git']}@{package['revision']}{marker}", file=out)
            continue
        hashes = "".join(f" --hash={file['hash']}" for file in package.get("files", []))
        print(f"{name}=={package['version']}{marker}{hashes}", file=out)
END`;

/** Pipenv's lockfile as a requirements file, with the hashes; only what the image needs. */
const PIPFILE_LOCK = `python3 - <<'END'
import json
lock = json.load(open("Pipfile.lock"))
with open("/tmp/requirements.txt", "w") as out:
    for name, pin in lock["default"].items():
        if "path" in pin or "file" in pin or "git" in pin:
            source = pin.get("git") and f"git+{pin['git']}@{pin.get('ref', 'HEAD')}" or pin.get("file") or pin.get("path")
            print(f"{name} @ {source}", file=out)
            continue
        extras = "[" + ",".join(pin["extras"]) + "]" if "extras" in pin else ""
        markers = "; " + pin["markers"] if "markers" in pin else ""
        hashes = "".join(f" --hash={digest}" for digest in pin.get("hashes", []))
        print(f"{name}{extras}{pin['version']}{markers}{hashes}", file=out)
END`;

type Plan = (from: string, install: readonly string[], files: readonly string[], warnings?: readonly string[]) => PythonDependencies;

/** hatch, setuptools, flit and the like: the project's own dependencies, not the project. */
function unlocked(_source: SourceTree, pyproject: string, plan: Plan): PythonDependencies {
  const warning = "There is no lockfile: the newest versions are taken, and others tomorrow. Run `uv lock` and commit uv.lock.";
  const name = tomlText(pyproject, "project", "name") ?? "the project";
  return plan(`pyproject.toml (${name})`, ["uv pip install -r pyproject.toml"], ["pyproject.toml"], [warning]);
}

/** requirements.txt may name other files and packages in the tree: then it has to see everything. */
function seen(source: SourceTree, files: readonly string[]): "tree" | readonly SeenPath[] {
  const requirements = files.includes("requirements.txt") ? (source.texts.get("requirements.txt") ?? "") : "";
  const others = [...requirements.matchAll(/^\s*(?:-r|-c|--requirement|--constraint)[ =]+(\S+)/gm)].map(([, path]) => path ?? "");
  const local = /^\s*(?:-e\s|--editable|\.{1,2}\/|\.\s*$|file:)/m.test(requirements);
  const unseen = others.some((path) => !files.includes(path) && !files.includes(path.split("/")[0] ?? ""));
  if (local || unseen) return "tree";
  return files.filter((path) => source.entries.has(path)).map((path) => ({ path }));
}

/** Names as they stand in requirement lines and lockfiles; good enough to find a server among them. */
function dependencyNames(source: SourceTree): ReadonlySet<string> {
  const lines = (source.texts.get("requirements.txt") ?? "").split(/\r?\n/).map((line) => /^\s*([A-Za-z0-9][\w.-]*)/.exec(line)?.[1]);
  const locked = ["uv.lock", "poetry.lock", "pdm.lock"].flatMap((file) =>
    [...(source.texts.get(file) ?? "").matchAll(/^name = "([^"]+)"/gm)].map(([, name]) => name),
  );
  const pipfile = [...(source.texts.get("Pipfile.lock") ?? "").matchAll(/^ {8}"([^"]+)": \{/gm)].map(([, name]) => name);
  const project = [...(source.texts.get("pyproject.toml") ?? "").matchAll(/^\s*["']([A-Za-z0-9][\w.-]*)[^"']*["'],?\s*$/gm)].map(
    ([, name]) => name,
  );
  const inline = [
    ...(/^dependencies\s*=\s*\[([^\]\n]*)\]/m.exec(source.texts.get("pyproject.toml") ?? "")?.[1]?.matchAll(/["']([A-Za-z0-9][\w.-]*)/g) ??
      []),
  ];
  const all = [...lines, ...locked, ...pipfile, ...project, ...inline.map(([, name]) => name)];
  return new Set(all.filter((name) => name !== undefined).map((name) => name.toLowerCase().replace(/[_.]+/g, "-")));
}
