/** Single values of a TOML file (toml.io 1.0), as far as manifests of packages write them: `[table]` and `key = "value"`. */

/** The text of `key = "value"` in `[table]`; empty table: the top. null where there is none. */
export function tomlText(source: string, table: string, key: string): string | null {
  const line = tomlTable(source, table)?.match(new RegExp(`^\\s*"?${inPattern(key)}"?\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "m"));
  return line === null || line === undefined ? null : (line[1] ?? line[2] ?? "");
}

/** What stands between `[table]` and the next header; null where there is no such table. */
export function tomlTable(source: string, table: string): string | null {
  const parts = source.split(/^[ \t]*\[/m);
  if (table === "") return parts[0] ?? "";
  const found = parts.slice(1).find((part) => part.slice(0, part.indexOf("]")).replace(/["\s]/g, "") === table);
  return found === undefined ? null : found.slice(found.indexOf("]") + 1);
}

export function hasTomlTable(source: string, table: string): boolean {
  return tomlTable(source, table) !== null;
}

function inPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
