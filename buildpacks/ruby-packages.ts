/** Debian packages that gems with native extensions are built with, and run with. */
import type { GemfileLock } from "./gemfile-lock.ts";

interface Needs {
  readonly build: readonly string[];
  readonly image: readonly string[];
}

/** What BUILD_TOOLS has is not named again. */
const PACKAGES: Readonly<Record<string, Needs>> = {
  pg: { build: [], image: ["libpq5"] },
  mysql2: { build: ["default-libmysqlclient-dev"], image: ["libmariadb3"] },
  sqlite3: { build: [], image: ["libsqlite3-0"] },
  "ruby-vips": { build: [], image: ["libvips42t64"] },
  rmagick: { build: ["libmagickwand-dev"], image: ["libmagickwand-7.q16-10"] },
  mini_magick: { build: [], image: ["imagemagick"] },
  charlock_holmes: { build: ["libicu-dev"], image: ["libicu76"] },
};

export function gemPackages({ names }: GemfileLock): Needs {
  const needed = Object.entries(PACKAGES).flatMap(([gem, needs]) => (names.has(gem) ? [needs] : []));
  return { build: needed.flatMap(({ build }) => build).sort(), image: needed.flatMap(({ image }) => image).sort() };
}
