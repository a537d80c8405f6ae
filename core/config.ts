/** Config: keys and values of an environment, and the two texts they are written in (.env and shell). */
import { PushboatError } from "./errors.ts";
import { quote } from "./names.ts";

export type Config = Readonly<Record<string, string>>;

/** semantics.md: as Heroku. Keys and values together, as the container's environment holds them (`KEY=VALUE\0`). */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** Set for each instance by Pushboat: a value of the user would never be seen. */
const INJECTED_KEYS = /^(PORT|DYNO|PUSHBOAT_.*)$/;

export function parseConfigKey(text: string): string {
  // __proto__ would be swallowed by every plain object it is assigned to.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) || text === "__proto__") {
    throw new PushboatError({
      code: "config/key",
      message: `${quote(text)} is not a config key`,
      hint: "Use letters, digits and _, not a digit first: DATABASE_URL",
    });
  }
  return text;
}

export function isInjectedKey(key: string): boolean {
  return INJECTED_KEYS.test(key);
}

export interface ConfigAssignment {
  readonly key: string;
  readonly value: string;
}

/** `KEY=VALUE`; everything behind the first = is the value, as it is. */
export function parseConfigAssignment(text: string): ConfigAssignment {
  const equals = text.indexOf("=");
  if (equals < 0) {
    throw new PushboatError({
      code: "config/assignment",
      message: `${quote(text)} is not of the form KEY=VALUE`,
      hint: "A value with spaces is quoted, and over ssh twice: ssh HOST config:set blog \"GREETING='hello world'\"",
    });
  }
  return configAssignment(parseConfigKey(text.slice(0, equals)), text.slice(equals + 1));
}

/** A key that was parsed and a value, judged together. */
export function configAssignment(key: string, value: string): ConfigAssignment {
  if (isInjectedKey(key)) {
    throw new PushboatError({
      code: "config/injected-key",
      message: `${key} is set by Pushboat itself, for each instance`,
      hint: "Choose another key.",
    });
  }
  if (value.includes("\0")) {
    throw new PushboatError({
      code: "config/nul",
      message: `The value of ${key} holds a NUL character, which no environment variable can`,
      hint: "Encode it, for example as base64.",
    });
  }
  return { key, value };
}

export function configBytes(config: Config): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(config)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value) + 2;
  return bytes;
}

/** The config after the changes (null unsets). Throws where it would be too large; order of keys is kept. */
export function applyConfig(config: Config, changes: Readonly<Record<string, string | null>>): Config {
  const next = new Map(Object.entries(config));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  const result = Object.fromEntries(next);
  const bytes = configBytes(result);
  if (bytes > MAX_CONFIG_BYTES) {
    throw new PushboatError({
      code: "config/too-large",
      message: `The config would be ${bytes} bytes; at most ${MAX_CONFIG_BYTES} are allowed`,
      hint: "Put large values into a file or a volume. Nothing was changed.",
    });
  }
  return result;
}
