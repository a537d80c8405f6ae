/** An app's own error and maintenance pages: read from the commit, kept with the release, handed to the routers by their hash. */
import { createHash } from "node:crypto";
import {
  type AppName,
  type CommitId,
  type EnvironmentName,
  MAX_PAGE_BYTES,
  type OwnPages,
  PAGE_KINDS,
  PushboatError,
  parsePushboatYml,
  quote,
  type RoutePages,
} from "../core/index.ts";
import type { Deps } from "./deps.ts";
import type { EnvironmentRecord } from "./store/index.ts";

/** undefined: the commit has none. */
export async function pagesAt(
  { repositories }: Pick<Deps, "repositories">,
  { app, commit, pushboatYml }: { readonly app: AppName; readonly commit: CommitId; readonly pushboatYml: string | null },
): Promise<OwnPages | undefined> {
  const paths = pushboatYml === null ? undefined : parsePushboatYml(pushboatYml).pages;
  if (paths === undefined) return undefined;
  const pages: { -readonly [Kind in keyof OwnPages]: OwnPages[Kind] } = {};
  for (const kind of PAGE_KINDS) {
    const path = paths[kind];
    // One by one: what is not UTF-8 in one of them leaves the other alone.
    if (path !== undefined) pages[kind] = checkedPage(kind, path, (await repositories.files(app, commit, [path]))[path] ?? null);
  }
  return pages;
}

export function checkedPage(kind: string, path: string, html: string | null): string {
  const problem =
    html === null
      ? "is not a file of this commit"
      : Buffer.byteLength(html) > MAX_PAGE_BYTES
        ? `has ${Math.ceil(Buffer.byteLength(html) / 1024)} kB`
        : html.includes("\ufffd") || html.includes("\0")
          ? "is not text in UTF-8"
          : null;
  if (html !== null && problem === null) return html;
  throw new PushboatError({
    code: "manifest/page",
    message: `pushboat.yml: pages/${kind}: ${quote(path)} ${problem}`,
    hint: `Name an HTML file of the repository, from its top, of at most ${MAX_PAGE_BYTES / 1024} kB with everything in it.`,
  });
}

export interface PageBook {
  /** Of the environment's current release. */
  of(environment: EnvironmentRecord): RoutePages | undefined;
  /** By their hash: all that were asked for and are still some environment's. */
  contents(): ReadonlyMap<string, string>;
}

interface Known {
  readonly release: number;
  readonly pages: OwnPages;
  readonly names: RoutePages | undefined;
}

/** Releases are immutable: each one is opened once. */
export function createPageBook({ store }: Pick<Deps, "store">): PageBook {
  const known = new Map<EnvironmentName, Known>();
  return {
    of({ name, currentRelease }) {
      if (currentRelease === null) {
        known.delete(name);
        return undefined;
      }
      const before = known.get(name);
      if (before?.release === currentRelease) return before.names;
      const pages = store.releases.release(name, currentRelease)?.manifest.pages ?? {};
      const names = namesOf(pages);
      known.set(name, { release: currentRelease, pages, names });
      return names;
    },
    contents() {
      const living = new Set(store.apps.environments().map(({ name }) => name));
      for (const name of known.keys()) if (!living.has(name)) known.delete(name);
      const all = [...known.values()].flatMap(({ pages, names }) =>
        PAGE_KINDS.flatMap((kind): [string, string][] => {
          const [html, hash] = [pages[kind], names?.[kind]];
          return html === undefined || hash === undefined ? [] : [[hash, html]];
        }),
      );
      return new Map(all);
    },
  };
}

function namesOf(pages: OwnPages): RoutePages | undefined {
  const named = PAGE_KINDS.flatMap((kind) => {
    const html = pages[kind];
    return html === undefined ? [] : [[kind, createHash("sha256").update(html).digest("hex")] as const];
  });
  return named.length === 0 ? undefined : (Object.fromEntries(named) as RoutePages);
}
