/** The binaries that cargo makes of a package or a workspace: by [[bin]], src/main.rs and src/bin/. */
import { hasFile, type SourceTree } from "./source-tree.ts";
import { hasTomlTable, tomlTable, tomlText } from "./toml-text.ts";

export interface CargoBinary {
  readonly name: string;
  /** `src/main.rs`, `api/src/bin/server.rs`. */
  readonly from: string;
}

export function cargoBinaries(source: SourceTree): readonly CargoBinary[] {
  const members = workspaceMembers(source.texts.get("Cargo.toml") ?? "");
  return [...source.texts].flatMap(([path, manifest]) => {
    const directory = /^(?:(.*)\/)?Cargo\.toml$/.exec(path);
    if (directory === null || !hasTomlTable(manifest, "package")) return [];
    const [, member] = directory;
    return member === undefined || members(member) ? binariesOf(source, member === undefined ? "" : `${member}/`, manifest) : [];
  });
}

/** `members = ["api", "crates/*"]`. */
function workspaceMembers(manifest: string): (directory: string) => boolean {
  const list = /^\s*members\s*=\s*\[([^\]]*)\]/m.exec(tomlTable(manifest, "workspace") ?? "")?.[1] ?? "";
  const globs = [...list.replace(/#.*/g, "").matchAll(/["']([^"']+)["']/g)].map(([, glob]) => glob ?? "");
  const patterns = globs.map(
    (glob) =>
      new RegExp(
        `^${glob
          .replace(/^\.\//, "")
          .replace(/[.+^${}()|[\]\\]/g, "\\$&")
          .replace(/\*+/g, "[^/]+")}$`,
      ),
  );
  return (directory) => patterns.some((pattern) => pattern.test(directory));
}

function binariesOf(source: SourceTree, prefix: string, manifest: string): readonly CargoBinary[] {
  const named = [...manifest.matchAll(/^\s*\[\[bin\]\]([^[]*)/gm)].flatMap(([, table]) => {
    const name = tomlText(`[bin]${table}`, "bin", "name");
    return name === null ? [] : [{ name, from: `[[bin]] in ${prefix}Cargo.toml` }];
  });
  const main = `${prefix}src/main.rs`;
  const name = tomlText(manifest, "package", "name");
  const own = named.length === 0 && name !== null && hasFile(source, main) ? [{ name, from: main }] : [];
  const found = [...source.entries].flatMap(([path, { type }]) => {
    const file = path.startsWith(`${prefix}src/bin/`) ? path.slice(prefix.length + "src/bin/".length) : "";
    const binary = type === "file" ? /^([\w-]+)\.rs$/.exec(file)?.[1] : /^([\w-]+)$/.exec(file)?.[1];
    return binary === undefined || named.some((each) => each.name === binary) ? [] : [{ name: binary, from: path }];
  });
  return [...own, ...named, ...found];
}
