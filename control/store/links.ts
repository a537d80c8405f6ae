/** Which environments may reach which others by name. */
import type { EnvironmentName } from "../../core/index.ts";
import { type Statements, text } from "./rows.ts";

export interface LinkRecord {
  readonly from: EnvironmentName;
  readonly to: EnvironmentName;
}

export function createLinkStore(sql: Statements) {
  return {
    /** Of one environment, or of all. */
    links(from?: EnvironmentName): readonly LinkRecord[] {
      const rows =
        from === undefined
          ? sql.all("SELECT * FROM links ORDER BY source, target")
          : sql.all("SELECT * FROM links WHERE source = ? ORDER BY target", from);
      return rows.map((row) => ({ from: text(row, "source") as EnvironmentName, to: text(row, "target") as EnvironmentName }));
    },
    add(from: EnvironmentName, to: EnvironmentName): void {
      sql.run("INSERT OR IGNORE INTO links (source, target) VALUES (?, ?)", from, to);
    },
    remove: (from: EnvironmentName, to: EnvironmentName): boolean =>
      sql.run("DELETE FROM links WHERE source = ? AND target = ?", from, to) > 0,
  };
}
