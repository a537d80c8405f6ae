/** How a Ruby app is started without a Procfile: by the server that Gemfile.lock has. */
import type { GemfileLock } from "./gemfile-lock.ts";
import { hasFile, type SourceTree } from "./source-tree.ts";
import type { WebGuess } from "./start.ts";

/** Gem -> how it serves config.ru. */
const SERVERS: readonly (readonly [string, string])[] = [
  ["puma", "puma -p $PORT"],
  ["falcon", "falcon serve --bind http://0.0.0.0:$PORT"],
  ["unicorn", "unicorn --listen 0.0.0.0:$PORT"],
  ["thin", "thin start --address 0.0.0.0 --port $PORT"],
];

export function guessRuby(source: SourceTree, { names }: GemfileLock): WebGuess | null {
  const rails = names.has("railties") && hasFile(source, "config/application.rb");
  if (rails || hasFile(source, "config.ru")) {
    const server = SERVERS.find(([gem]) => names.has(gem));
    const from = rails ? "Rails" : "config.ru";
    if (server !== undefined) return { command: `bundle exec ${server[1]}`, from: `${from} (${server[0]})` };
    if (rails) return { command: "bundle exec rails server -b 0.0.0.0 -p $PORT", from };
    if (names.has("rackup") || names.has("rack")) return { command: "bundle exec rackup --host 0.0.0.0 --port $PORT", from };
    return null;
  }
  const sinatra = ["app.rb", "server.rb", "main.rb"].find((name) => hasFile(source, name));
  if (sinatra === undefined) return null;
  // Sinatra's own options; others read PORT.
  return { command: `bundle exec ruby ${sinatra}${names.has("sinatra") ? " -o 0.0.0.0 -p $PORT" : ""}`, from: sinatra };
}
