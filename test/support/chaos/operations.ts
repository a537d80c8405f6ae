/** A user who types one change after the other, whatever dies meanwhile, and remembers what was acknowledged. */
import type { CommandResult } from "../command.ts";
import type { Platform } from "../platform.ts";
import type { WorkingCopy } from "../working-copy.ts";

export interface Typed {
  readonly kind: "push" | "config" | "scale" | "rollback" | "restart";
  /** What nothing else that was typed has: the commit's first characters, or the description. */
  readonly mark: string;
  readonly acknowledged: boolean;
  readonly output: string;
}

export interface Operations {
  /** Types no more; answers when the last one has ended. */
  stop(): Promise<readonly Typed[]>;
}

const ORDER = ["push", "config", "push", "scale", "push", "rollback", "push", "restart"] as const;
/** Control is back after a second or two; a user who is refused waits a moment, too. */
const PAUSE_MS = 300;

export function typeOperations(platform: Platform, app: WorkingCopy): Operations {
  const typed: Typed[] = [];
  let stopping = false;
  const work = async (): Promise<void> => {
    for (let step = 0; !stopping; step += 1) {
      typed.push(await typeOne(platform, app, step));
      if (typed.at(-1)?.acknowledged === false) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const working = work();
  return {
    async stop() {
      stopping = true;
      await working;
      return typed;
    },
  };
}

async function typeOne(platform: Platform, app: WorkingCopy, step: number): Promise<Typed> {
  const kind = ORDER[step % ORDER.length] as (typeof ORDER)[number];
  const seen = (mark: string, { code, output }: CommandResult): Typed => ({ kind, mark, acknowledged: code === 0, output });
  switch (kind) {
    case "push": {
      app.write("text.js", `module.exports = "step ${step}";\n`);
      const commit = await app.commit(`step ${step}`);
      return seen(commit, await app.push());
    }
    case "config":
      return seen(`Set STEP_${step} config vars`, await platform.ssh(`config:set ${app.app} STEP_${step}=${step}`));
    case "scale":
      return seen("", await platform.ssh(`ps:scale ${app.app} web=${step % 16 < 8 ? 2 : 1}`));
    case "rollback":
      return seen("", await platform.ssh(`rollback ${app.app}`));
    case "restart":
      return seen("", await platform.ssh(`ps:restart ${app.app}`));
  }
}
