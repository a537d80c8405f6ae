/**
 * `doctor`: looks at everything that has ever gone wrong. Works where the platform is down. Run by the launcher with the platform's
 * environment: `node launcher/doctor.ts [--json] [--fix]`. Exit 1 where something is in trouble.
 */
import { parseSettings } from "../core/settings.ts";
import { type Finding, runChecks } from "./doctor/finding.ts";
import { hostChecks } from "./doctor/host.ts";
import { networkChecks } from "./doctor/network.ts";
import { platformChecks } from "./doctor/platform.ts";

const MARKS: Readonly<Record<Finding["level"], string>> = { well: "ok     ", warning: "warning", trouble: "TROUBLE", unknown: "?      " };

const flags = new Set(process.argv.slice(2));
const settings = parseSettings(process.env);
const checks = { ...hostChecks(settings), ...networkChecks(settings), ...platformChecks(settings) };
let findings = await runChecks(checks);
if (flags.has("--fix")) {
  for (const { check, repair } of findings) {
    if (repair === undefined) continue;
    process.stderr.write(`-----> Mending: ${check}\n`);
    await repair().catch((error: Error) => process.stderr.write(` !     ${error.message}\n`));
  }
  findings = await runChecks(checks);
}
process.stdout.write(flags.has("--json") ? `${JSON.stringify(jsonOf(findings))}\n` : `${textOf(findings)}\n`);
process.exitCode = findings.some(({ level }) => level === "trouble") ? 1 : 0;

function jsonOf(found: readonly Finding[]): unknown {
  return found.map(({ check, level, seen, why, mend, repair }) => ({
    check,
    level,
    seen,
    why: why ?? null,
    mend: mend ?? null,
    fixable: repair !== undefined,
  }));
}

function textOf(found: readonly Finding[]): string {
  const lines = found.flatMap(({ check, level, seen, why, mend, repair }) => [
    `${MARKS[level]}  ${check}: ${seen}`,
    ...(why === undefined ? [] : [`         ${why}`]),
    ...(mend === undefined ? [] : [`         ${repair === undefined ? "Do" : "Do (or doctor --fix)"}: ${mend}`]),
  ]);
  const count = (level: Finding["level"]): number => found.filter((finding) => finding.level === level).length;
  return [
    ...lines,
    "",
    `${found.length} checks: ${count("trouble")} in trouble, ${count("warning")} warnings, ${count("unknown")} unknown`,
  ].join("\n");
}
