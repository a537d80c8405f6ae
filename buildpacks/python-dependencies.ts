/** How a Python project's dependencies are installed: which file says what, which tool reads it. uv does the installing. */
import { PushboatError } from "../core/index.ts";
import type { SeenPath, StepPlan } from "./plan.ts";
import type { DebianPython } from "./python-version.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import { hasTomlTable, tomlTable, tomlText } from "./toml-text.ts";

export interface PythonDependencies {
  /** `requirements.txt`, `uv.lock`. */
  readonly from: string;
  /** Commands that fill /app/.venv. */
  readonly install: readonly string[];
  /** The same with dev dependencies, where the lockfile tells them apart. */
  readonly testInstall?: readonly string[];
  readonly sees: StepPlan["sees"];
  /** The project is a package that its own code or scripts need to be installed. */
  readonly installsProject: boolean;
  /** Every name that the project names as a dependency, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** In this order: a lockfile is what the developer ran; requirements.txt before a pyproject.toml that may only hold a linter's settings. */
export function planPythonDependencies(source: SourceTree, { version }: DebianPython): PythonDependencies | null {
  const pyproject = source.texts.get("pyproject.toml") ?? "";
  const names = dependencyNames(source);
  const python = `/usr/bin/python${version}`;
  const venv = `uv venv --quiet --python ${python} .venv`;
  const plan: Plan = ({ from, install, testInstall, files, warnings = [] }) => ({
    from,
    install: [venv, ...install],
    ...(testInstall === undefined ? {} : { testInstall: [venv, ...testInstall] }),
    sees: seen(source, files),
    installsProject: installsProject(source),
    names,
    warnings,
  });
  if (hasFile(source, "uv.lock")) {
    // Members of a workspace are packages in the tree: they are installed with the rest.
    const files = ["pyproject.toml", "uv.lock", ".python-version", "uv.toml"];
    const local = seen(source, files) === "tree" ? "" : " --no-install-workspace";
    const sync = `uv sync --frozen${local} --python ${python}`;
    return plan({ from: "uv.lock", install: [`${sync} --no-dev`], testInstall: [sync], files });
  }
  if (hasFile(source, "poetry.lock")) {
    const files = ["pyproject.toml", "poetry.lock", "poetry.toml"];
    return plan({ from: "poetry.lock", install: poetryExport(""), testInstall: poetryExport(" --all-groups"), files });
  }
  if (hasFile(source, "pdm.lock")) {
    return plan({
      from: "pdm.lock",
      install: exported(PDM_LOCK, ""),
      testInstall: exported(PDM_LOCK, "all"),
      files: ["pyproject.toml", "pdm.lock"],
    });
  }
  if (hasFile(source, "Pipfile.lock")) {
    const [install, testInstall] = [exported(PIPFILE_LOCK, ""), exported(PIPFILE_LOCK, "all")];
    return plan({ from: "Pipfile.lock", install, testInstall, files: ["Pipfile", "Pipfile.lock"] });
  }
  if (hasFile(source, "requirements.txt")) {
    const dev = ["requirements-dev.txt", "dev-requirements.txt", "requirements-test.txt"].filter((name) => hasFile(source, name));
    const install = (more: readonly string[]) => [`uv pip install ${["requirements.txt", ...more].map((name) => `-r ${name}`).join(" ")}`];
    const files = ["requirements.txt", "requirements", "constraints.txt", ...dev];
    return plan({ from: "requirements.txt", install: install([]), ...(dev.length === 0 ? {} : { testInstall: install(dev) }), files });
  }
  if (hasFile(source, "Pipfile")) {
    throw new PushboatError({
      code: "build/pipfile-lock",
      message: "There is a Pipfile, but no Pipfile.lock",
      hint: "Run `pipenv lock`, commit Pipfile.lock, and push again.",
    });
  }
  if (hasTomlTable(pyproject, "project")) return unlocked(pyproject, plan);
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
const POETRY = "--with poetry-plugin-export==1.10.1 poetry@2.5.1";

const FROM_EXPORT = "uv pip install -r /tmp/requirements.txt";

/** The export is made by Poetry itself, so that markers and groups are what it says they are. */
function poetryExport(groups: string): readonly string[] {
  return [`uvx --quiet ${POETRY} export${groups} --format requirements.txt --output /tmp/requirements.txt`, FROM_EXPORT];
}

/** groups: `all`, or empty for what the image needs. */
function exported(script: string, groups: string): readonly string[] {
  return [`GROUPS_WANTED=${groups} ${script}`, FROM_EXPORT];
}

/** PDM's lockfile as a requirements file, with the hashes. */
const PDM_LOCK = `python3 - <<'END'
import os, tomllib
lock = tomllib.load(open("pdm.lock", "rb"))
with open("/tmp/requirements.txt", "w") as out:
    for package in lock["package"]:
        if "default" not in package.get("groups", ["default"]) and os.environ["GROUPS_WANTED"] != "all":
            continue
        name = package["name"] + ("[" + ",".join(package["extras"]) + "]" if "extras" in package else "")
        marker = " ; " + package["marker"] if "marker" in package else ""
        if "git" in package:
            print(f"{name} @ git+{package['git']}@{package['revision']}{marker}", file=out)
            continue
        hashes = "".join(f" --hash={file['hash']}" for file in package.get("files", []))
        print(f"{name}=={package['version']}{marker}{hashes}", file=out)
END`;

/** Pipenv's lockfile as a requirements file, with the hashes. */
const PIPFILE_LOCK = `python3 - <<'END'
import json, os
lock = json.load(open("Pipfile.lock"))
pins = {**lock["develop"], **lock["default"]} if os.environ["GROUPS_WANTED"] == "all" else lock["default"]
with open("/tmp/requirements.txt", "w") as out:
    for name, pin in pins.items():
        if "path" in pin or "file" in pin or "git" in pin:
            source = pin.get("git") and f"git+{pin['git']}@{pin.get('ref', 'HEAD')}" or pin.get("file") or pin.get("path")
            print(f"{name} @ {source}", file=out)
            continue
        extras = "[" + ",".join(pin["extras"]) + "]" if "extras" in pin else ""
        markers = "; " + pin["markers"] if "markers" in pin else ""
        hashes = "".join(f" --hash={digest}" for digest in pin.get("hashes", []))
        print(f"{name}{extras}{pin['version']}{markers}{hashes}", file=out)
END`;

interface Wish {
  readonly from: string;
  readonly install: readonly string[];
  readonly testInstall?: readonly string[];
  readonly files: readonly string[];
  readonly warnings?: readonly string[];
}

type Plan = (wish: Wish) => PythonDependencies;

/** hatch, setuptools, flit and the like. */
function unlocked(pyproject: string, plan: Plan): PythonDependencies {
  const warning = "There is no lockfile: the newest versions are taken, and others tomorrow. Run `uv lock` and commit uv.lock.";
  const name = tomlText(pyproject, "project", "name") ?? "the project";
  const install = "uv pip install -r pyproject.toml";
  const groups = [...(tomlTable(pyproject, "dependency-groups") ?? "").matchAll(/^([\w.-]+)\s*=/gm)].map(
    ([, group]) => ` --group ${group}`,
  );
  return plan({
    from: `pyproject.toml (${name})`,
    install: [install],
    ...(groups.length === 0 ? {} : { testInstall: [install + groups.join("")] }),
    files: ["pyproject.toml"],
    warnings: [warning],
  });
}

/** Code that does not lie at the root, or commands that only an installed package has. */
function installsProject(source: SourceTree): boolean {
  const pyproject = source.texts.get("pyproject.toml") ?? "";
  if (!hasTomlTable(pyproject, "build-system")) return false;
  const scripts = ["project.scripts", "tool.poetry.scripts"].some((table) => hasTomlTable(pyproject, table));
  const packages = [...source.entries].some(([path, { type }]) => type === "directory" && /^src\/[^/]+$/.test(path));
  return scripts || packages;
}

/** requirements.txt and lockfiles may name other files and packages in the tree: then a step has to see everything. */
function seen(source: SourceTree, files: readonly string[]): "tree" | readonly SeenPath[] {
  const requirements = files.includes("requirements.txt") ? (source.texts.get("requirements.txt") ?? "") : "";
  const others = [...requirements.matchAll(/^\s*(?:-r|-c|--requirement|--constraint)[ =]+(\S+)/gm)].map(([, path]) => path ?? "");
  const local = /^\s*(?:-e\s|--editable|\.{1,2}\/|\.\s*$|file:)/m.test(requirements);
  const unseen = others.some((path) => !files.includes(path) && !files.includes(path.split("/")[0] ?? ""));
  if (local || unseen || files.some((path) => LOCAL_SOURCES[path]?.test(source.texts.get(path) ?? ""))) return "tree";
  return files.filter((path) => source.entries.has(path)).map((path) => ({ path }));
}

/** How a lockfile names a package that lies in the repository. */
const LOCAL_SOURCES: Readonly<Record<string, RegExp>> = {
  "uv.lock": /^source = \{ (?:editable|directory|path|virtual|registry) = "(?!\.")(?![a-z]+:)|^ {4}\{ path = /m,
  "poetry.lock": /^type = "(?:directory|file)"/m,
  "pdm.lock": /^path = "/m,
  "Pipfile.lock": /^ {12}"(?:path|file)":/m,
};

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
