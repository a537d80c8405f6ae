/** Which Python a project asks for, and whether Debian 13's is it. */
import { PushboatError, quote } from "../core/index.ts";
import type { SourceTree } from "./source-tree.ts";
import { tomlText } from "./toml-text.ts";

/** The one that Debian 13 has; no registry that can be relied on has others. */
export const DEBIAN_PYTHON = "3.13";

export interface PythonChoice {
  readonly from: string;
  readonly warnings: readonly string[];
}

/** Files that name one version, then those that name a range. */
export function choosePython(source: SourceTree): PythonChoice {
  const wish = findWish(source);
  if (wish === null) return { from: "Pushboat's default, Debian 13's", warnings: [] };
  if (!allows(wish.text)) throw otherPython(wish.text, wish.from);
  const exact = /^(?:==)?3\.13\.\d+$/.test(wish.text);
  return {
    from: wish.from,
    warnings: exact ? [`${wish.from} asks for Python ${wish.text}: Debian's newest ${DEBIAN_PYTHON} is used`] : [],
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

/** Whether a specifier (PEP 440, Poetry's caret and tilde, or a plain version) has room for a release of 3.13. */
export function allows(specifier: string): boolean {
  const alternatives = specifier.split("||");
  return alternatives.some((alternative) => alternative.split(",").every(allowsOne));
}

const NEWEST_PATCH = 99;

function allowsOne(condition: string): boolean {
  const match = /^(===?|!=|<=|>=|~=|<|>|\^|~)?v?(\d+)(?:\.(\d+|\*))?(?:\.(\d+|\*))?.*$/.exec(condition);
  if (match === null) return condition === "" || condition === "*";
  const [, operator = "==", major = "0", minor = "*", patch = "*"] = match;
  const same = Number(major) === 3 && (minor === "*" || Number(minor) === 13);
  const order = Number(major) !== 3 ? Number(major) - 3 : (minor === "*" ? 0 : Number(minor)) - 13;
  switch (operator) {
    case "<":
      // <3.13 leaves none of its releases; <3.13.5 leaves some.
      return order > 0 || (order === 0 && patch !== "*" && Number(patch) > 0);
    case "<=":
      return order > 0 || (order === 0 && patch !== "*");
    case ">=":
    case ">":
      return order < 0 || (order === 0 && (patch === "*" ? operator === ">=" : Number(patch) < NEWEST_PATCH));
    case "^":
      return Number(major) === 3 && order <= 0;
    case "~=":
      return patch === "*" ? Number(major) === 3 && order <= 0 : same;
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
  return new PushboatError({
    code: "build/python-version",
    message: `There is no Python ${quote(text)} here (${from}): Debian 13 has ${DEBIAN_PYTHON}`,
    hint: `Let ${from.split(" ").at(-1)} say ${DEBIAN_PYTHON}, lock the dependencies again, and push;\nor write a Dockerfile that begins with FROM python:VERSION-slim.`,
  });
}
