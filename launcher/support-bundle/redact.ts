/** Takes out of a text what is secret: known values wherever they stand, and whatever has the shape of a credential. Pure. */

const REMOVED = "[removed]";
/** Shorter values (`8080`, `true`) are no secrets and stand everywhere. */
const SHORTEST_SECRET = 6;

/** Each with the part that stays as $1. */
const SHAPES: readonly RegExp[] = [
  /()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, // user:password@ of an address
  /(\bauthorization["']?\s*[:=]\s*["']?(?:basic|bearer)?\s*)[^\s"',}]+/gi,
  /(\b[A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)[A-Z0-9_]*["']?\s*[:=]\s*["']?)[^\s"',}]+/gi,
];

/** `secrets`: values that are known, as config has them. */
export function redact(text: string, secrets: readonly string[]): string {
  const known = [...new Set(secrets)].filter((value) => value.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
  // As it is, and as JSON has it within quotes: a value may hold what has to be escaped there.
  const forms = known.flatMap((value) => [value, JSON.stringify(value).slice(1, -1)]);
  const cleared = forms.reduce((left, value) => left.replaceAll(value, REMOVED), text);
  return SHAPES.reduce((left, shape) => left.replace(shape, `$1${REMOVED}${shape.source.endsWith("@") ? "@" : ""}`), cleared);
}
