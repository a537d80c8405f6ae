/** Registry logins of apps; passwords sealed. */
import type { AppName, RegistryLogin } from "../../core/index.ts";
import { type Row, type Statements, text } from "./rows.ts";
import type { Seal } from "./seal.ts";

export function createRegistryStore(sql: Statements, seal: Seal) {
  const context = (app: string, host: string) => `registry:${app}:${host}`;
  const asLogin =
    (app: AppName) =>
    (row: Row): RegistryLogin => {
      const host = text(row, "host");
      return { host, user: text(row, "user"), password: seal.open<string>(row["password"] as Uint8Array, context(app, host)) };
    };
  return {
    logins: (app: AppName): readonly RegistryLogin[] =>
      sql.all("SELECT * FROM registry_logins WHERE app = ? ORDER BY host", app).map(asLogin(app)),
    set(app: AppName, { host, user, password }: RegistryLogin): void {
      sql.run(
        "INSERT INTO registry_logins (app, host, user, password) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET user = excluded.user, password = excluded.password",
        app,
        host,
        user,
        seal.seal(password, context(app, host)),
      );
    },
    remove: (app: AppName, host: string): boolean => sql.run("DELETE FROM registry_logins WHERE app = ? AND host = ?", app, host) > 0,
  };
}
