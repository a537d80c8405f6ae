/** What npm, yarn, pnpm and node-gyp are told in a build step. */
import semver from "semver";
import type { Language } from "./language.ts";

const HEADERS_DIRECTORY = "/usr/local";

/** Since then its node-gyp reads a package's config; and since 11 npm warns of settings that are not its own. */
const NPM_WITH_GYP_CONFIG = "11.6.0";

/** registryAddress: null where no step has Node. */
export function npmEnvironment(languages: readonly Language[], registryAddress: string | null): Readonly<Record<string, string>> {
  if (registryAddress === null) return {};
  return {
    ...headersEnvironment(languages),
    npm_config_registry: registryAddress,
    npm_config_update_notifier: "false",
    npm_config_fund: "false",
    npm_config_audit: "false",
    npm_config_progress: "false",
  };
}

/** node-gyp would fetch the headers of this Node; where the layer has none, nothing is compiled. */
function headersEnvironment(languages: readonly Language[]): Readonly<Record<string, string>> {
  const node = languages.find((language) => language.kind === "node");
  if (node?.headers !== true) return {};
  const config = { npm_package_config_node_gyp_nodedir: HEADERS_DIRECTORY };
  const installsWithNpm = !languages.some(({ kind }) => kind === "npm-tool");
  return installsWithNpm && semver.gte(node.npm, NPM_WITH_GYP_CONFIG) ? config : { ...config, npm_config_nodedir: HEADERS_DIRECTORY };
}
