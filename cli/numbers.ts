/** Numbers of a command line: counts, release numbers, deployment ids. */
import { PushboatError, quote } from "../core/index.ts";

export interface Range {
  /** For the message: `--lines`. */
  readonly what: string;
  readonly least: number;
  readonly most: number;
}

export function parseCount(text: string, range: Range): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.least && value <= range.most)) {
    throw new PushboatError({
      code: "usage/number",
      message: `${range.what} is ${quote(text)}`,
      hint: `Give a whole number from ${range.least} to ${range.most}.`,
    });
  }
  return value;
}

export const RELEASE_PATTERN = /^v?[1-9]\d{0,8}$/;

/** `v12` or `12` */
export function parseReleaseNumber(text: string): number {
  if (!RELEASE_PATTERN.test(text)) {
    throw new PushboatError({
      code: "usage/release",
      message: `${quote(text)} is not a release`,
      hint: "Releases are called v1, v2, ...: see `releases`.",
    });
  }
  return Number(text.replace("v", ""));
}

/** `42` or `#42` */
export function parseDeploymentId(text: string): number {
  if (!/^#?[1-9]\d{0,14}$/.test(text)) {
    throw new PushboatError({
      code: "usage/deployment",
      message: `${quote(text)} is not the number of a deployment`,
      hint: "`deploys APP` lists them.",
    });
  }
  return Number(text.replace("#", ""));
}
