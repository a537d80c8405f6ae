/** The one table of what each role may do: every command has its row (a test sees to it). */
import type { Role } from "../core/index.ts";

/** May be asked by any key, also one that is limited to an app. */
const FOR_EVERYBODY = new Set(["help", "version"]);

export const COMMAND_ROLES: Readonly<Record<string, Role>> = {
  apps: "read",
  "apps:create": "admin",
  "apps:info": "read",
  "apps:set": "admin",
  "apps:destroy": "admin",
  envs: "read",
  "envs:info": "read",
  "envs:create": "deploy",
  "envs:keep": "deploy",
  "envs:protect": "deploy",
  "envs:diff": "read",
  "envs:destroy": "deploy",
  promote: "deploy",
  // config holds secrets: looking is not for those who only read
  config: "deploy",
  "config:get": "deploy",
  "config:set": "deploy",
  "config:unset": "deploy",
  "config:import": "deploy",
  "config:share": "deploy",
  ps: "read",
  "ps:scale": "deploy",
  "ps:restart": "deploy",
  "ps:signal": "deploy",
  "ps:stop": "deploy",
  "ps:start": "deploy",
  "ps:stats": "read",
  "ps:exec": "deploy",
  run: "deploy",
  "run:history": "read",
  cron: "read",
  "cron:run": "deploy",
  "cron:history": "read",
  "cron:logs": "read",
  logs: "read",
  maintenance: "read",
  "maintenance:on": "deploy",
  "maintenance:off": "deploy",
  releases: "read",
  "releases:output": "read",
  rollback: "deploy",
  deploys: "read",
  // by number, which names no app: only for keys of the whole platform
  "deploys:attach": "read",
  "deploys:cancel": "deploy",
  "deploys:retry": "deploy",
  "images:export": "admin",
  "apps:deploy": "deploy",
  // a password is asked of the registry as soon as somebody deploys: who may set it may spend it
  registry: "deploy",
  "registry:login": "deploy",
  "registry:logout": "deploy",
  domains: "read",
  "domains:add": "deploy",
  "domains:remove": "deploy",
  certs: "read",
  "certs:all": "read",
  "certs:add": "deploy",
  "certs:remove": "deploy",
  "certs:authority": "read",
  // a way out of the network is a matter of the whole server
  network: "read",
  "network:allow": "admin",
  "network:deny": "admin",
  // needs the right in both
  links: "read",
  "links:add": "deploy",
  "links:remove": "deploy",
  volumes: "read",
  "volumes:create": "deploy",
  "volumes:mount": "deploy",
  "volumes:unmount": "deploy",
  "volumes:destroy": "deploy",
  keys: "admin",
  "keys:add": "admin",
  "keys:remove": "admin",
  tokens: "admin",
  "tokens:create": "admin",
  "tokens:remove": "admin",
  audit: "admin",
  // where logs go is nothing for whoever only deploys
  drains: "admin",
  "drains:add": "admin",
  "drains:remove": "admin",
  hooks: "admin",
  "hooks:add": "admin",
  "hooks:remove": "admin",
  "hooks:history": "admin",
  routes: "read",
  disk: "read",
  "router:status": "read",
  "router:restart": "admin",
  status: "read",
  "state:check": "read",
  version: "read",
  help: "read",
};

/** A command without a row is for administrators only. */
export function roleOf(command: string): Role {
  return COMMAND_ROLES[command] ?? "admin";
}

export function isForEverybody(command: string): boolean {
  return FOR_EVERYBODY.has(command);
}
