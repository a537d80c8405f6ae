/** pre-receive: control may refuse the whole push before git keeps any of its objects. */
import type { PushHandler, PushRequest } from "../../core/index.ts";
import { readSection } from "../git/pkt-line.ts";
import type { HookConnection } from "./connection.ts";
import { parseRefUpdate, refKind } from "./refs.ts";

export interface JudgedPush {
  readonly connection: HookConnection;
  readonly push: Omit<PushRequest, "updates">;
  readonly pushes: PushHandler;
}

export async function judgePush({ connection, push, pushes }: JudgedPush): Promise<void> {
  const lines = await readSection(connection.packets);
  if (lines === null) return;
  const updates = lines.map(parseRefUpdate).filter(({ ref }) => refKind(ref) === "branch");
  const refusal = updates.length === 0 ? null : await pushes.judge({ ...push, updates });
  if (refusal !== null) connection.say(refusal);
  connection.exit(refusal === null ? 0 : 1);
}
