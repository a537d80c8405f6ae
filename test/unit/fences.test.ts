/** The import fences of biome.json: each is proved by a planted violation, and what is allowed is proved to pass. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../support/command.ts";

const ROOT = join(import.meta.dirname, "../..");
const RESTRICTED = "lint/style/noRestrictedImports";

/** File -> what it imports. */
const FORBIDDEN: readonly (readonly [file: string, imported: string])[] = [
  ["core/planted.ts", "../router/index.ts"],
  ["core/planted-effect.ts", "node:fs"],
  ["core/planted-socket.ts", "node:net"],
  ["buildpacks/planted.ts", "../builder/index.ts"],
  ["buildpacks/planted-inner.ts", "../core/names.ts"],
  ["builder/planted.ts", "../runtime/index.ts"],
  ["builder/oci/planted.ts", "../../runtime/engine/index.ts"],
  ["builder/planted-inner.ts", "../buildpacks/node.ts"],
  ["receiver/planted.ts", "../builder/index.ts"],
  ["receiver/git/planted.ts", "../../control/index.ts"],
  ["receiver/git/planted-inner.ts", "../../core/settings.ts"],
  ["receiver/local-client.ts", "../core/names.ts"],
  ["runtime/planted.ts", "../router/index.ts"],
  ["runtime/planted-engine.ts", "./engine/engine.ts"],
  ["runtime/planted-deep.ts", "./engine/network/link.ts"],
  ["runtime/planted-logs.ts", "./logs/budget.ts"],
  ["runtime/logs/planted.ts", "../engine/kernel/mounts.ts"],
  ["runtime/engine/planted.ts", "../plan.ts"],
  ["runtime/engine/kernel/planted.ts", "../../keeper.ts"],
  ["router/planted.ts", "../runtime/index.ts"],
  ["router/planted-inner.ts", "../core/names.ts"],
  ["router/http/planted.ts", "../../receiver/index.ts"],
  ["control/planted.ts", "../cli/index.ts"],
  ["control/store/planted.ts", "../../runtime/engine/index.ts"],
  ["control/planted-inner.ts", "../router/snapshot.ts"],
  ["cli/planted.ts", "../runtime/index.ts"],
  ["cli/commands/planted.ts", "../../control/api.ts"],
  ["planted.ts", "./runtime/supervisor.ts"],
  ["planted-test.ts", "./test/support/platform.ts"],
  ["control/planted-test.ts", "../test/support/command.ts"],
  ["control/planted-main.ts", "../main.ts"],
  ["bench/planted.ts", "../builder/layers.ts"],
  ["bench/floor/planted.ts", "../../core/index.ts"],
];

const ALLOWED: readonly (readonly [file: string, imported: string])[] = [
  ["core/fine.ts", "./names.ts"],
  ["core/fine-address.ts", "node:crypto"],
  ["buildpacks/fine.ts", "../core/index.ts"],
  ["builder/fine.ts", "../buildpacks/index.ts"],
  ["receiver/git/fine.ts", "../../core/index.ts"],
  ["receiver/local/client-plan.ts", "../../core/shell-words.ts"],
  ["router/fine.ts", "../core/settings.ts"],
  ["runtime/fine.ts", "./engine/index.ts"],
  ["runtime/fine-contract.ts", "./engine/contract.ts"],
  ["runtime/engine/fine.ts", "./kernel/mounts.ts"],
  ["runtime/engine/kernel/fine.ts", "../paths.ts"],
  ["control/fine.ts", "../runtime/index.ts"],
  ["cli/fine.ts", "../control/index.ts"],
  ["fine.ts", "./control/index.ts"],
  ["bench/fine.ts", "../test/support/platform.ts"],
];

/** Paths of files with a diagnostic, by the rule's name. */
const found = new Map<string, Set<string>>();
let copy: string;

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "pushboat-fences-"));
  for (const file of ["biome.json", ".gitignore"]) cpSync(join(ROOT, file), join(copy, file));
  for (const [file, imported] of [...FORBIDDEN, ...ALLOWED])
    plant(file, `import * as planted from "${imported}";\nexport default planted;\n`);
  plant("control/cycle-a.ts", 'import { b } from "./cycle-b.ts";\nexport const a = () => b;\n');
  plant("control/cycle-b.ts", 'import { a } from "./cycle-a.ts";\nexport const b = () => a;\n');
  plant("control/floating.ts", "async function late(): Promise<void> {}\nexport function start(): void {\n  late();\n}\n");
  const linted = await run([join(ROOT, "node_modules/.bin/biome"), "lint", "--reporter=github", "--max-diagnostics=none", "."], {
    cwd: copy,
  });
  for (const [, rule = "", path = ""] of linted.output.matchAll(/title=([\w/]+),file=([^,]+),/g)) {
    found.set(rule, (found.get(rule) ?? new Set()).add(relative(copy, resolve(copy, path))));
  }
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function plant(file: string, text: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true });
  writeFileSync(join(copy, file), text);
}

describe("Imports go one way", () => {
  test.each(FORBIDDEN)("%s must not import %s", (file) => {
    expect(found.get(RESTRICTED)).toContain(file);
  });

  test.each(ALLOWED)("%s may import %s", (file) => {
    expect(found.get(RESTRICTED)).not.toContain(file);
  });

  test("two files that import each other are reported", () => {
    expect(found.get("lint/suspicious/noImportCycles")).toContain("control/cycle-a.ts");
  });

  test("a promise that nobody waits for is reported", () => {
    expect(found.get("lint/nursery/noFloatingPromises")).toContain("control/floating.ts");
  });
});
