/** docs/errors.md from the source: each code with the message and the hint that stand beside it. */
import ts from "typescript";
import type { ProductSource } from "./product-sources.ts";

interface Found {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly kind: string;
}

/** What an area's errors are about. */
const AREAS: Readonly<Record<string, string>> = {
  app: "Apps and their settings.",
  build: "From the pushed tree to an image. The old release serves on.",
  command: "The command line itself, before any command sees it.",
  config: "Config keys, values and .env files. Nothing was changed.",
  deploy: "Deployments: how they ended, and asking for one that is not there.",
  domains: "Host names beside those that Pushboat gives.",
  engine: "Containers as kernel objects: mostly a host that lacks something, or our own fault.",
  environment: "Production and the environments of branches.",
  git: "git's own programs and its protocol.",
  http: "git over HTTP: requests that are refused.",
  images: "Exported images.",
  input: "What came on stdin.",
  keys: "SSH keys of administrators.",
  manifest: "app.json and pushboat.yml of the pushed commit.",
  name: "Names, judged once at the door.",
  network: "Ways out to private addresses.",
  platform: "Pushboat itself. `platform/unexpected` is always our own fault: please report it with the log.",
  procfile: "The Procfile of the pushed commit.",
  push: "Pushes that are refused as a whole or for one branch.",
  release: "Releases, their images and their release commands.",
  repository: "The bare repositories on the server.",
  router: "The router process.",
  run: "One-off commands.",
  scale: "How many instances of each process type.",
  settings: "The settings that `up` takes, as options or as PUSHBOAT_* variables.",
  start: "Instances that did not become healthy. The old release serves on.",
  state: "The state file in the data directory.",
  tokens: "Tokens for git over HTTP.",
  usage: "A command that was typed wrongly: exit code 2, nothing was done.",
  volumes: "Volumes and where they are mounted.",
};

export function errorsPage(sources: readonly ProductSource[]): string {
  const byCode = new Map<string, Found[]>();
  for (const found of sources.flatMap(findErrors)) byCode.set(found.code, [...(byCode.get(found.code) ?? []), found]);
  const areas = [...new Set([...byCode.keys()].map(areaOf))].toSorted();
  return [
    "# Errors",
    "",
    "<!-- Made from the source by test/unit/docs/errors.test.ts: `UPDATE_DOCS=1 npx vitest run test/unit/docs` writes it anew. -->",
    "",
    "Every error that a user can see has a code, which stands in brackets behind the message and does not change from version to",
    "version; a message (what was seen) and mostly a hint (what to do):",
    "",
    "```",
    ' !     "Blog" is not a name for an app  [name/app]',
    " !     Use lower-case letters, digits and single hyphens, a letter first, at most 30 characters: my-blog",
    "```",
    "",
    "Words in capitals stand for what was seen, `…` for text that is put together while it runs; behind the arrow stands the hint.",
    "(platform) marks our own faults and those of the machine, (transient) what may work when it is tried again; all others are for",
    "the caller to mend.",
    ...areas.flatMap((area) => areaSection(area, byCode)),
    "",
  ].join("\n");
}

function areaSection(area: string, byCode: ReadonlyMap<string, readonly Found[]>): readonly string[] {
  const codes = [...byCode.keys()].filter((code) => areaOf(code) === area).toSorted();
  const rows = codes.map((code) => {
    const found = byCode.get(code) ?? [];
    const kinds = [...new Set(found.map(({ kind }) => kind))].filter((kind) => kind === "platform" || kind === "transient");
    const [message, hint] = [distinct(found.map((each) => each.message)), distinct(found.map((each) => each.hint))];
    return `- \`${code}\`${kinds.map((kind) => ` (${kind})`).join("")}: ${message}${hint === "" ? "" : ` → ${hint}`}`;
  });
  const about = AREAS[area];
  return ["", `## ${area}`, "", ...(about === undefined ? [] : [about, ""]), ...rows];
}

function distinct(texts: readonly string[]): string {
  return [...new Set(texts.filter((text) => text !== ""))].join(" / ").replace(/\s+/g, " ").trim();
}

function areaOf(code: string): string {
  return code.slice(0, code.indexOf("/"));
}

function findErrors({ path, text }: ProductSource): readonly Found[] {
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const code = textOf(property(node, "code"));
      if (/^[a-z-]+\/[a-z0-9-]+$/.test(code)) {
        const kind = textOf(property(node, "kind")) || "user";
        found.push({ code, message: textOf(property(node, "message")), hint: textOf(property(node, "hint")), kind });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

function property(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const each of node.properties) {
    if (ts.isPropertyAssignment(each) && each.name.getText() === name) return each.initializer;
    if (ts.isShorthandPropertyAssignment(each) && each.name.text === name) return each.name;
  }
  return undefined;
}

/** Text of an expression, with the names of what is put in as words in capitals. */
function textOf(node: ts.Expression | undefined): string {
  if (node === undefined) return "";
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map((span) => placeholder(span.expression) + span.literal.text).join("");
  }
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  if (ts.isParenthesizedExpression(node)) return textOf(node.expression);
  if (ts.isConditionalExpression(node)) return distinct([textOf(node.whenTrue), textOf(node.whenFalse)]);
  if (ts.isSpreadElement(node) || node.kind === ts.SyntaxKind.NullKeyword) return "";
  return "…";
}

function placeholder(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text.toUpperCase();
  if (ts.isPropertyAccessExpression(node)) return node.name.text.toUpperCase();
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) return placeholder(node.expression);
  if (
    ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === "quote" &&
    node.arguments[0] !== undefined
  ) {
    return placeholder(node.arguments[0]);
  }
  return "…";
}
