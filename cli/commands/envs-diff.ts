/** envs:diff: what two environments of an app differ in. */
import type { EnvironmentDiff } from "../../control/index.ts";
import { parseEnvironmentName } from "../../core/index.ts";
import { type EnvironmentCommand, result } from "../command.ts";
import { heading, table } from "../table.ts";

export const envsDiff: EnvironmentCommand = {
  name: "envs:diff",
  summary: "Compare two environments: commits, config keys, formation, image layers",
  details: "Of the config only keys are shown, never values.",
  target: "environment",
  words: [{ name: "OTHER", description: "the environment to compare with", required: true, environment: true }],
  examples: ["envs:diff blog@feature-x blog"],
  json: "{onlyLeft:[], onlyRight:[], config:{onlyLeft:[], onlyRight:[], different:[]}, formation:{left:{KEY}, right:{KEY}}, layers:[{title, same, leftBytes, rightBytes}]}",
  prepare: ({ target, words }) => {
    const other = parseEnvironmentName(words[0] ?? "");
    return async ({ control }) => {
      const diff = await control.diffEnvironments(target, other);
      return result(diff, describe(diff, target.name, other.name));
    };
  },
};

function describe(diff: EnvironmentDiff, left: string, right: string): readonly string[] {
  const part = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [heading(title), ...lines]);
  const { config, formation } = diff;
  const keys = [
    ...config.onlyLeft.map((key) => `only ${left}: ${key}`),
    ...config.onlyRight.map((key) => `only ${right}: ${key}`),
    ...config.different.map((key) => `different: ${key}`),
  ];
  const types = [...new Set([...Object.keys(formation.left), ...Object.keys(formation.right)])].sort();
  const counts = types.map((type) => [type, String(formation.left[type] ?? 0), String(formation.right[type] ?? 0)]);
  const size = (bytes: number | null) => (bytes === null ? "-" : `${(bytes / 1_000_000).toFixed(1)} MB`);
  const layers = diff.layers.map(({ title, same, leftBytes, rightBytes }) => [
    title,
    same ? "the same" : "differs",
    size(leftBytes),
    size(rightBytes),
  ]);
  return [
    ...part(`Commits only in ${left}`, diff.onlyLeft),
    ...part(`Commits only in ${right}`, diff.onlyRight),
    ...part("Config", keys),
    ...part("Formation", table([["type", left, right], ...counts])),
    ...part("Layers", table([["layer", "", left, right], ...layers])),
  ];
}
