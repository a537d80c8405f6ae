/** The commands, for whoever comes in over SSH or the local socket. */
import type { Control } from "../control/index.ts";
import type { CommandHandler, Settings } from "../core/index.ts";
import { answer } from "./answer.ts";
import type { CommandGroup } from "./command.ts";
import { apps } from "./commands/apps.ts";
import { appsCreate } from "./commands/apps-create.ts";
import { appsDeploy } from "./commands/apps-deploy.ts";
import { appsDestroy } from "./commands/apps-destroy.ts";
import { appsInfo } from "./commands/apps-info.ts";
import { appsSet } from "./commands/apps-set.ts";
import { audit } from "./commands/audit.ts";
import { certs } from "./commands/certs.ts";
import { certsAdd } from "./commands/certs-add.ts";
import { certsAll } from "./commands/certs-all.ts";
import { certsAuthority } from "./commands/certs-authority.ts";
import { certsRemove } from "./commands/certs-remove.ts";
import { config } from "./commands/config.ts";
import { configGet } from "./commands/config-get.ts";
import { configImport } from "./commands/config-import.ts";
import { configSet } from "./commands/config-set.ts";
import { configShare } from "./commands/config-share.ts";
import { configUnset } from "./commands/config-unset.ts";
import { cron } from "./commands/cron.ts";
import { cronHistory } from "./commands/cron-history.ts";
import { cronLogs } from "./commands/cron-logs.ts";
import { cronRun } from "./commands/cron-run.ts";
import { deploys } from "./commands/deploys.ts";
import { deploysAttach } from "./commands/deploys-attach.ts";
import { deploysCancel } from "./commands/deploys-cancel.ts";
import { deploysRetry } from "./commands/deploys-retry.ts";
import { disk } from "./commands/disk.ts";
import { domains } from "./commands/domains.ts";
import { domainsAdd } from "./commands/domains-add.ts";
import { domainsRemove } from "./commands/domains-remove.ts";
import { drains } from "./commands/drains.ts";
import { drainsAdd } from "./commands/drains-add.ts";
import { drainsRemove } from "./commands/drains-remove.ts";
import { envs } from "./commands/envs.ts";
import { envsCreate } from "./commands/envs-create.ts";
import { envsDestroy } from "./commands/envs-destroy.ts";
import { envsDiff } from "./commands/envs-diff.ts";
import { envsInfo } from "./commands/envs-info.ts";
import { envsKeep } from "./commands/envs-keep.ts";
import { envsProtect } from "./commands/envs-protect.ts";
import { createHelp } from "./commands/help.ts";
import { hooks } from "./commands/hooks.ts";
import { hooksAdd } from "./commands/hooks-add.ts";
import { hooksHistory } from "./commands/hooks-history.ts";
import { hooksRemove } from "./commands/hooks-remove.ts";
import { imagesExport } from "./commands/images-export.ts";
import { keys } from "./commands/keys.ts";
import { keysAdd } from "./commands/keys-add.ts";
import { keysRemove } from "./commands/keys-remove.ts";
import { links } from "./commands/links.ts";
import { linksAdd } from "./commands/links-add.ts";
import { linksRemove } from "./commands/links-remove.ts";
import { logs } from "./commands/logs.ts";
import { maintenance } from "./commands/maintenance.ts";
import { maintenanceOff } from "./commands/maintenance-off.ts";
import { maintenanceOn } from "./commands/maintenance-on.ts";
import { network } from "./commands/network.ts";
import { networkAllow } from "./commands/network-allow.ts";
import { networkDeny } from "./commands/network-deny.ts";
import { promote } from "./commands/promote.ts";
import { ps } from "./commands/ps.ts";
import { psExec } from "./commands/ps-exec.ts";
import { psRestart } from "./commands/ps-restart.ts";
import { psScale } from "./commands/ps-scale.ts";
import { psSignal } from "./commands/ps-signal.ts";
import { psStart } from "./commands/ps-start.ts";
import { psStats } from "./commands/ps-stats.ts";
import { psStop } from "./commands/ps-stop.ts";
import { registry } from "./commands/registry.ts";
import { registryLogin } from "./commands/registry-login.ts";
import { registryLogout } from "./commands/registry-logout.ts";
import { releases } from "./commands/releases.ts";
import { releasesOutput } from "./commands/releases-output.ts";
import { rollback } from "./commands/rollback.ts";
import { routerRestart } from "./commands/router-restart.ts";
import { routerStatus } from "./commands/router-status.ts";
import { routes } from "./commands/routes.ts";
import { run } from "./commands/run.ts";
import { runHistory } from "./commands/run-history.ts";
import { stateCheck } from "./commands/state-check.ts";
import { status } from "./commands/status.ts";
import { tokens } from "./commands/tokens.ts";
import { tokensCreate } from "./commands/tokens-create.ts";
import { tokensRemove } from "./commands/tokens-remove.ts";
import { version } from "./commands/version.ts";
import { volumes } from "./commands/volumes.ts";
import { volumesCreate } from "./commands/volumes-create.ts";
import { volumesDestroy } from "./commands/volumes-destroy.ts";
import { volumesMount } from "./commands/volumes-mount.ts";
import { volumesUnmount } from "./commands/volumes-unmount.ts";

const help = createHelp(() => COMMAND_GROUPS);

/** In the order that help and docs/commands.md show. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
  { title: "Apps", commands: [apps, appsCreate, appsInfo, appsSet, appsDestroy] },
  { title: "Branch environments", commands: [envs, envsInfo, envsCreate, envsKeep, envsProtect, envsDiff, promote, envsDestroy] },
  { title: "Config", commands: [config, configGet, configSet, configUnset, configImport, configShare] },
  {
    title: "Processes",
    commands: [
      ps,
      psScale,
      psRestart,
      psStop,
      psStart,
      psSignal,
      psStats,
      psExec,
      run,
      runHistory,
      logs,
      maintenance,
      maintenanceOn,
      maintenanceOff,
    ],
  },
  { title: "Cron", commands: [cron, cronRun, cronHistory, cronLogs] },
  {
    title: "Releases and deployments",
    commands: [
      releases,
      releasesOutput,
      rollback,
      deploys,
      deploysAttach,
      deploysCancel,
      deploysRetry,
      appsDeploy,
      imagesExport,
      registry,
      registryLogin,
      registryLogout,
    ],
  },
  {
    title: "Domains, network, volumes",
    commands: [
      domains,
      domainsAdd,
      domainsRemove,
      certs,
      certsAll,
      certsAdd,
      certsRemove,
      certsAuthority,
      network,
      networkAllow,
      networkDeny,
      links,
      linksAdd,
      linksRemove,
      volumes,
      volumesCreate,
      volumesMount,
      volumesUnmount,
      volumesDestroy,
    ],
  },
  { title: "Access", commands: [keys, keysAdd, keysRemove, tokens, tokensCreate, tokensRemove, audit] },
  { title: "Tell the outside", commands: [hooks, hooksAdd, hooksRemove, hooksHistory, drains, drainsAdd, drainsRemove] },
  { title: "This server", commands: [status, stateCheck, disk, routes, routerStatus, routerRestart, version, help] },
];

export interface CommandsDependencies {
  readonly control: Control;
  readonly settings: Settings;
  /** Epoch milliseconds. */
  readonly clock?: () => number;
}

export function createCommands({ control, settings, clock = Date.now }: CommandsDependencies): CommandHandler {
  const commands = COMMAND_GROUPS.flatMap((group) => group.commands);
  return (request) => answer(request, { commands, control, settings, nowMs: clock() });
}
