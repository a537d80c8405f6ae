/** Host names and URLs of environments. Pure. */
import { type HostName, hostLabel, type Settings } from "../core/index.ts";
import type { EnvironmentRecord } from "./store/index.ts";

export function environmentHost(settings: Settings, environment: EnvironmentRecord): HostName {
  return `${hostLabel(environment.app, environment.branch)}.${settings.domain}` as HostName;
}

export function environmentUrl(settings: Settings, environment: EnvironmentRecord): string {
  return `http://${environmentHost(settings, environment)}${settings.httpPort === 80 ? "" : `:${settings.httpPort}`}`;
}

/** What a user types before a command. */
export function commandPrefix(settings: Settings): string {
  return `ssh -p ${settings.sshPort} pushboat@${settings.domain}`;
}
