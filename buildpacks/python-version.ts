/** Which Python a project asks for, and which of those that Debian has it gets. */
import { PushboatError, quote } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";
import { tomlText } from "./toml-text.ts";

export interface DebianPython {
  /** `3.13`. */
  readonly version: string;
  /** The Debian release that has it; null: the base image's own. */
  readonly debian: "bookworm" | null;
  /** The newest patch release that it may be: Debian keeps to one and adds the fixes. */
  readonly newestPatch: number;
}

/** Those that stand on the base image, the preferred one first. No registry that can be relied on has others. */
export const PYTHONS: readonly [DebianPython, ...DebianPython[]] = [
  { version: "3.13", debian: null, newestPatch: 99 },
  { version: "3.11", debian: "bookworm", newestPatch: 2 },
];

export interface PythonChoice {
  readonly python: DebianPython;
  readonly from: string;
  readonly warnings: readonly string[];
}

/** Files that name one version, then those that name a range. */
export function choosePython(source: SourceTree): PythonChoice {
  const wish = findWish(source);
  if (wish === null) return { python: PYTHONS[0], from: "Pushboat's default, Debian 13's", warnings: [] };
  const exact = /^(?:==)?(3\.\d+)\.\d+$/.exec(wish.text)?.[1];
  const python = PYTHONS.find((each) => each.version === exact) ?? PYTHONS.find((each) => allows(wish.text, each));
  if (python === undefined) throw otherPython(wish.text, wish.from);
  return {
    python,
    from: wish.from,
    warnings: exact === undefined ? [] : [`${wish.from} asks for Python ${wish.text}: Debian's newest ${python.version} is used`],
  };
}

function findWish(source: SourceTree): { text: string; from: string } | null {
  const pyproject = source.texts.get("pyproject.toml") ?? "";
  const pipfile = source.texts.get("Pipfile") ?? "";
  const wishes: readonly (readonly [string | null | undefined, string])[] = [
    [firstLine(source.texts.get(".python-version")), ".python-version"],
    [firstLine(source.texts.get("runtime.txt")), "runtime.txt"],
    [tomlText(pyproject, "project", "requires-python"), "requires-python in pyproject.toml"],
    [tomlText(pyproject, "tool.poetry.dependencies", "python"), "python in pyproject.toml"],
    [tomlText(pipfile, "requires", "python_full_version") ?? tomlText(pipfile, "requires", "python_version"), "Pipfile"],
  ];
  const found = wishes.find(([text]) => text !== null && text !== undefined && text !== "");
  return found === undefined ? null : { text: (found[0] ?? "").replace(/^(?:c?python-?)(?=\d)/i, "").replace(/\s+/g, ""), from: found[1] };
}

/** Whether a specifier (PEP 440, Poetry's caret and tilde, or a plain version) has room for a release of a Python. */
export function allows(specifier: string, python: DebianPython): boolean {
  const alternatives = specifier.split("||");
  return alternatives.some((alternative) => alternative.split(",").every((condition) => allowsOne(condition, python)));
}

function allowsOne(condition: string, { version, newestPatch }: DebianPython): boolean {
  const ours = Number(version.split(".")[1]);
  const match = /^(===?|!=|<=|>=|~=|<|>|\^|~)?v?(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?.*$/.exec(condition);
  if (match === null) return condition === "" || condition === "*";
  const [, operator = "==", major = "0", minor = "*", patch = "*"] = match;
  const same = Number(major) === 3 && (minor === "*" || Number(minor) === ours);
  const order = Number(major) !== 3 ? Number(major) - 3 : (minor === "*" ? 0 : Number(minor)) - ours;
  const patchThere = patch === "*" || Number(patch) <= newestPatch;
  switch (operator) {
    case "<":
      // <3.13 leaves none of its releases; <3.13.5 leaves some.
      return order > 0 || (order === 0 && patch !== "*" && Number(patch) > 0);
    case "<=":
      return order > 0 || (order === 0 && patch !== "*");
    case ">=":
      return order < 0 || (order === 0 && patchThere);
    case ">":
      return order < 0 || (order === 0 && patch !== "*" && Number(patch) < newestPatch);
    case "^":
      return Number(major) === 3 && (order < 0 || (order === 0 && patchThere));
    case "~=":
      return patch === "*" ? Number(major) === 3 && order <= 0 : same && patchThere;
    case "!=":
      return !(same && (minor === "*" || patch === "*"));
    default:
      return same;
  }
}

function firstLine(text: string | undefined): string | null {
  const lines = (text ?? "").split(/\r?\n/).map((line) => line.replace(/#.*/, "").trim());
  return lines.find((line) => line !== "") ?? null;
}

function otherPython(text: string, from: string): PushboatError {
  const there = PYTHONS.map(({ version }) => version).join(" and ");
  return new PushboatError({
    code: "build/python-version",
    message: `There is no Python ${quote(text)} here (${from}): there are ${there}`,
    hint: `Let ${from.split(" ").at(-1)} say ${PYTHONS[0].version}, lock the dependencies again, and push;\nor write a Dockerfile that begins with FROM python:VERSION-slim.`,
  });
}
