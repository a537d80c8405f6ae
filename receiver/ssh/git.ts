/** git over SSH: the channel joined to a git child that ends with it. */
import { type AppName, PushboatError } from "../../core/index.ts";
import { requireGitAccess } from "../access.ts";
import type { GitRequest } from "../git/request.ts";
import type { OpenSession } from "./session.ts";

export async function serveGit({ context, channel, output, gone, protocol }: OpenSession, { service, app }: GitRequest): Promise<number> {
  const { identity, pushes, repositories, services } = context;
  requireGitAccess(identity, app, service);
  if (service === "receive-pack") await pushes.prepareRepository(app, identity);
  if (!(await repositories.exists(app))) throw noSuchApp(app);
  if (gone.aborted) return 1;

  const child = services.start({ service, app, identity, mode: "conversation", protocol });
  gone.addEventListener("abort", child.disconnect);
  child.stdout.pipe(output.stdout, { end: false });
  child.stderr.pipe(output.stderr, { end: false });
  await child.feed(channel);
  return child.closed;
}

export function noSuchApp(app: AppName): PushboatError {
  return new PushboatError({ code: "app/unknown", message: `there is no app called ${app}`, hint: "See `apps`. A first push makes it." });
}
