/** Where the host gets Debian from, as apt says; the base image comes from there too. Pure. */

export interface Mirror {
  readonly uri: string;
  /** `bookworm`, `bookworm-security`. */
  readonly release: string;
}

/** For `apt-get indextargets --format`. */
export const INDEX_FORMAT = "$(REPO_URI)|$(RELEASE)|$(CODENAME)|$(COMPONENT)|$(ORIGIN)";

/** hostCodename: VERSION_CODENAME of /etc/os-release. Origin is unknown until apt fetched its lists. */
export function parseMirrors(indexTargets: string, hostCodename: string): readonly Mirror[] {
  const known = [hostCodename, `${hostCodename}-updates`, `${hostCodename}-security`];
  const found = indexTargets
    .split("\n")
    .map((line) => line.split("|"))
    .filter(([, , , component, origin]) => component === "main" && (origin === "Debian" || origin === "" || origin?.startsWith("$(")))
    .map(([uri = "", release = "", codename = ""]) => ({ uri, release: known.includes(codename) ? codename : release }))
    .filter(({ release }) => known.includes(release));
  return found.filter((mirror, index) => found.findIndex(({ release }) => release === mirror.release) === index);
}

/** The same mirrors for another release; sources.list lines, the release itself first. */
export function sourcesFor(mirrors: readonly Mirror[], hostCodename: string, release: string): readonly string[] {
  return [...mirrors]
    .sort((a, b) => a.release.length - b.release.length)
    .map((mirror) => `deb ${mirror.uri} ${mirror.release.replace(hostCodename, release)} main`);
}
