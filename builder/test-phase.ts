/** The app's own tests: on the layers of its build, dev dependencies and compilers too, before anything is released. What they write is thrown away. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BuildPlan, StepName } from "../buildpacks/index.ts";
import { APP_GID, APP_HOME, APP_UID, type BuildRequest, type ImageConfig, type Layer, PushboatError, quote } from "../core/index.ts";
import { layOutMountPoints, type OpenCaches } from "./caches.ts";
import type { Parts } from "./parts.ts";
import { phase } from "./phase.ts";
import { runCommand, stepFailure, withOutput } from "./step.ts";

export interface TestRun {
  readonly layers: readonly Layer[];
  readonly caches: OpenCaches;
  readonly config: Pick<ImageConfig, "env" | "workingDirectory" | "uid" | "gid">;
}

/** The first of these that a buildpack's plan has is the one that tests stand on: the one with dev dependencies. */
const DEPENDENCY_STEPS: readonly string[] = ["test-dependencies", "build-dependencies", "dependencies"];

/** Pure. Everything that was built, never the step that takes dev dependencies out. */
export function testStandsOn({ steps, testSteps = [] }: Pick<BuildPlan, "steps" | "testSteps">): readonly StepName[] {
  const names = [...testSteps, ...steps].map(({ name }) => name);
  // `node/build` where several buildpacks work together: each has dependencies of its own.
  const split = (name: StepName): { prefix: string; role: string } => {
    const role = name.slice(name.lastIndexOf("/") + 1);
    return { prefix: name.slice(0, -role.length), role };
  };
  const dependenciesOf = (prefix: string) => DEPENDENCY_STEPS.find((role) => names.includes(`${prefix}${role}` as StepName));
  return names.filter((name) => {
    const { prefix, role } = split(name);
    return role !== "prune" && (role === dependenciesOf(prefix) || !DEPENDENCY_STEPS.includes(role));
  });
}

export function appConfig(env: ImageConfig["env"]): TestRun["config"] {
  return { env, workingDirectory: APP_HOME, uid: APP_UID, gid: APP_GID };
}

/** Does nothing where the request has no tests. `prepare` makes the layers that only tests need. */
export async function runTests(parts: Parts, request: BuildRequest, prepare: () => Promise<TestRun>): Promise<void> {
  const { test, onEvent } = request;
  if (test === undefined) return;
  await phase(onEvent, "test", `Testing: ${test.command.split("\n")[0]} (from ${test.from})`, async () => {
    const { layers, caches, config } = await prepare();
    const draft = parts.store.draft("test");
    try {
      const upper = join(draft, "upper");
      const mountPoints = join(draft, "mounts");
      for (const directory of [upper, mountPoints]) {
        mkdirSync(directory);
        chmodSync(directory, 0o755);
      }
      layOutMountPoints(mountPoints, caches.inApp);
      const title = "the tests";
      const below: Layer[] =
        caches.inApp.length === 0 ? [] : [{ id: "seen", kind: "app", title: "mount points", directories: [mountPoints] }];
      const { result, lastLines } = await runCommand({
        sandbox: parts.sandbox,
        name: `test-${request.app}-${request.commit.slice(0, 8)}`,
        title: "test",
        layers: [...layers, ...below],
        upperDirectory: upper,
        binds: caches.binds,
        command: test.command,
        env: { ...config.env, NODE_ENV: "test", ...test.env },
        place: config,
        limits: parts.limits.step,
        onEvent,
        signal: request.signal,
      });
      const failure = stepFailure(title, result, lastLines, parts.limits.step);
      if (failure?.code === "build/step-failed" || failure?.code === "build/registry")
        throw testsFailed(test.command, result.exitCode, lastLines);
      if (failure !== null) throw failure;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  });
}

function testsFailed(command: string, exitCode: number, lastLines: readonly string[]): PushboatError {
  return new PushboatError({
    code: "test/failed",
    message: `the tests (${quote(command.split("\n")[0] ?? "")}) ended with exit code ${exitCode}`,
    hint: withOutput("Mend them, commit and push again; or push once without them: git push -o skip-tests", lastLines),
  });
}
