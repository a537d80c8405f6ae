/** The smallest app that a test can ask things: no dependencies, so that its build is quick. */
import type { Files } from "./working-copy.ts";

const SERVER = `
const http = require("node:http");
const fs = require("node:fs");
const text = require("./text.js");
const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://app");
  const path = url.searchParams.get("path") ?? "";
  const attempt = (act) => { try { response.end(String(act())); } catch (error) { response.statusCode = 500; response.end(error.code ?? error.message); } };
  if (url.pathname === "/") return response.end(text + "\\n");
  if (url.pathname.startsWith("/env/")) {
    const value = process.env[url.pathname.slice(5)];
    response.statusCode = value === undefined ? 404 : 200;
    return response.end(value ?? "unset");
  }
  if (url.pathname === "/identity") return response.end(JSON.stringify({ dyno: process.env.DYNO, release: process.env.PUSHBOAT_RELEASE, uid: process.getuid() }));
  if (url.pathname === "/headers") return response.end(JSON.stringify(request.headers));
  if (url.pathname === "/slow") return setTimeout(() => response.end("slow " + text), Number(url.searchParams.get("ms")));
  if (url.pathname === "/read") return attempt(() => fs.readFileSync(path, "utf8"));
  if (url.pathname === "/write") return attempt(() => { fs.writeFileSync(path, url.searchParams.get("text") ?? ""); return "written"; });
  if (url.pathname === "/say") { console.log(url.searchParams.get("text")); return response.end("said"); }
  if (url.pathname === "/fetch") {
    return void fetch(url.searchParams.get("url"), { signal: AbortSignal.timeout(2000) })
      .then(async (answer) => response.end("reached " + (await answer.text())), (error) => { response.statusCode = 502; response.end("unreachable " + (error.cause?.code ?? error.name)); });
  }
  if (url.pathname === "/exit") { response.end("bye"); return setTimeout(() => process.exit(7), 20); }
  response.statusCode = 404;
  response.end("no such path");
});
server.listen(process.env.PORT, () => console.log("listening with " + text));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** Answers `text` at /; extra files are added or replace these. */
export function tinyApp(text: string, extra: Files = {}): Files {
  return {
    "package.json": JSON.stringify({ name: "tiny", version: "1.0.0", private: true, engines: { node: "24.x" } }),
    Procfile: "web: node server.js\n",
    "server.js": SERVER,
    ...tinyText(text),
    ...extra,
  };
}

/** The one file that a code-only change writes. */
export function tinyText(text: string): Files {
  return { "text.js": `module.exports = ${JSON.stringify(text)};\n` };
}
