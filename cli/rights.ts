/** `--role`, `--app` and `--branches` of keys and tokens. -a is every command's own option: here it limits. */
import type { Rights } from "../control/index.ts";
import { PushboatError, parseAppName, parseRole, type Role } from "../core/index.ts";
import type { CommandOption, Line } from "./command.ts";

export const RIGHTS_OPTIONS: readonly CommandOption[] = [
  { flags: "--role ROLE", description: "admin, deploy or read; default: admin for a key of the whole platform, else deploy" },
  { flags: "--branches PATTERN", description: "with --app: only for branches like this, 'feature/*'" },
];

export const RIGHTS_SHAPE = "role, app, branches";

export function parseRights({ value }: Pick<Line<null>, "value">, platformDefault: Role): Rights {
  const app = value("app") === null ? null : parseAppName(value("app") ?? "");
  const branches = value("branches");
  if (branches !== null && !/^[A-Za-z0-9._/*-]{1,200}$/.test(branches)) {
    throw new PushboatError({
      code: "usage/branches",
      message: `${JSON.stringify(branches)} is not a pattern of branches`,
      hint: "For example: --branches 'feature/*'",
    });
  }
  return { role: parseRole(value("role") ?? (app === null ? platformDefault : "deploy")), app, branches };
}

export function describeRights({ role, app, branches }: Rights): string {
  return [role, app ?? "", branches === null ? "" : `branches ${branches}`].filter((part) => part !== "").join(", ");
}
