/** Whether a value has the shape that a command documents for --json: `[{name, hosts:[], settings:{KEY}}]`. */

type Shape =
  | { readonly kind: "leaf" }
  | { readonly kind: "list"; readonly of: Shape }
  /** `{KEY}` or `{KEY: value}`: any keys, plain values. */
  | { readonly kind: "map" }
  | { readonly kind: "record"; readonly fields: Readonly<Record<string, Shape>> };

const LEAF: Shape = { kind: "leaf" };

/** Everything that does not fit, each with its place; empty where it fits. */
export function misfits(value: unknown, documented: string): readonly string[] {
  return compare(value, parseShape(documented), "");
}

function compare(value: unknown, shape: Shape, place: string): readonly string[] {
  switch (shape.kind) {
    case "leaf":
      return typeof value === "object" && value !== null ? [`${place} is no plain value`] : [];
    case "list":
      return Array.isArray(value) ? value.flatMap((item, index) => compare(item, shape.of, `${place}[${index}]`)) : [`${place} is no list`];
    case "map":
      return Object.entries(value as object).flatMap(([key, item]) => compare(item, LEAF, `${place}.${key}`));
    case "record": {
      if (value === null) return [];
      const found = Object.keys(value as object);
      const wanted = Object.keys(shape.fields);
      return [
        ...found.filter((key) => !wanted.includes(key)).map((key) => `${place}.${key} is not documented`),
        ...wanted.filter((key) => !found.includes(key)).map((key) => `${place}.${key} is missing`),
        ...found.flatMap((key) => compare((value as Record<string, unknown>)[key], shape.fields[key] ?? LEAF, `${place}.${key}`)),
      ];
    }
  }
}

function parseShape(text: string): Shape {
  const tokens = text.match(/"[^"]*"|[A-Za-z]+|[[\]{}:,]/g) ?? [];
  let at = 0;
  const read = (): Shape => {
    const token = tokens[at++];
    if (token === "[") {
      const of = tokens[at] === "]" ? LEAF : read();
      at += 1;
      return { kind: "list", of };
    }
    if (token !== "{") return LEAF;
    const fields: Record<string, Shape> = {};
    while (tokens[at] !== "}") {
      const key = tokens[at++] ?? "";
      const hasShape = tokens[at] === ":";
      if (hasShape) at += 1;
      fields[key] = hasShape ? read() : LEAF;
      if (tokens[at] === ",") at += 1;
    }
    at += 1;
    return "KEY" in fields ? { kind: "map" } : { kind: "record", fields };
  };
  return read();
}
