/** A Dockerfile's instructions with their line numbers, as far as messages and arguments need them. Pure. */

export interface Instruction {
  /** Upper case: `RUN`. */
  readonly name: string;
  /** Continued lines joined, spaces as they are between words. */
  readonly rest: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

/** Comments go; a line that ends in a backslash goes on. Here-documents count as instructions that nobody knows. */
export function readInstructions(text: string): readonly Instruction[] {
  const found: Instruction[] = [];
  let open: { text: string; line: number } | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line.startsWith("#") || (line === "" && open === null)) continue;
    const begun: { text: string; line: number } = open ?? { text: "", line: index + 1 };
    const continued = line.endsWith("\\");
    begun.text = `${begun.text} ${continued ? line.slice(0, -1) : line}`.trim();
    open = continued ? begun : null;
    if (open === null) found.push(instruction(begun.text, begun.line));
  }
  return open === null ? found : [...found, instruction(open.text, open.line)];
}

function instruction(text: string, line: number): Instruction {
  const [name = ""] = text.split(/\s/);
  return { name: name.toUpperCase(), rest: text.slice(name.length).trim(), line };
}

/** Names that ARG declares anywhere. */
export function declaredArguments(instructions: readonly Instruction[]): readonly string[] {
  const names = instructions
    .filter(({ name }) => name === "ARG")
    .flatMap(({ rest }) => rest.split(/\s+/).map((word) => word.split("=")[0] ?? ""));
  return [...new Set(names)].filter((name) => /^[A-Za-z_]\w*$/.test(name));
}

/**
 * Images that FROM names and a registry has, with arguments filled in: not the names of stages, not `scratch`. An argument that nobody
 * set leaves its image out: buildah says what is wrong with it.
 */
export function baseImages(instructions: readonly Instruction[], args: Readonly<Record<string, string>>): readonly string[] {
  const stages = new Set(["scratch"]);
  const values = new Map<string, string>();
  const images: string[] = [];
  for (const { name, rest } of instructions) {
    if (name === "ARG")
      for (const [, key = "", value] of rest.matchAll(/(\w+)(?:=("[^"]*"|'[^']*'|\S+))?/g)) setArgument(values, args, key, value);
    if (name !== "FROM") continue;
    const [image = "", as, stage = ""] = rest.split(/\s+/).filter((word) => !word.startsWith("--"));
    const full = image.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, plain) => values.get(braced ?? plain) ?? whole);
    if (!stages.has(full.toLowerCase()) && !full.includes("$") && full !== "") images.push(full);
    if (as?.toLowerCase() === "as") stages.add(stage.toLowerCase());
  }
  return [...new Set(images)];
}

function setArgument(values: Map<string, string>, args: Readonly<Record<string, string>>, key: string, value: string | undefined): void {
  const chosen = args[key] ?? value?.replace(/^["']|["']$/g, "");
  if (chosen !== undefined) values.set(key, chosen);
}

/** Whether a base image of this name is asked for. */
export function buildsFrom(instructions: readonly Instruction[], image: string): boolean {
  return instructions.some(({ rest }) => rest.includes(image));
}

/** The line of an instruction as buildah names it (`RUN make all`), or null. */
export function lineOf(instructions: readonly Instruction[], step: string): number | null {
  const wanted = step.replace(/\s+/g, " ").trim();
  const found = instructions.find(({ name, rest }) => `${name} ${rest}`.replace(/\s+/g, " ") === wanted);
  return found?.line ?? null;
}
