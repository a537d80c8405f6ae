/** Settings of an app, each with its grammar and default: `apps:set blog NAME VALUE`. Pure. */
import { isNetwork, PushboatError, parseBranchName, parsePeriod, quote } from "../core/index.ts";

export interface AppSettings {
  /** Branch environments without a push for this long end; null: they stay. */
  readonly branchTtlMs: number | null;
  /** Idle branch environments sleep after this long; null: they do not. */
  readonly sleepAfterMs: number | null;
  readonly productionSleepAfterMs: number | null;
  readonly sleep: "stop" | "freeze";
  readonly branchLimit: number;
  /** Branch environments ask for a password from their first push on. */
  readonly protectBranches: boolean;
  /** Plain HTTP is sent on to HTTPS. */
  readonly forceHttps: boolean;
  /** Over HTTPS, browsers are told to come by HTTPS for this long; null: they are told nothing. */
  readonly hstsMs: number | null;
  /** Of a request's body; null: no limit. */
  readonly maxBodyBytes: number | null;
  /** At once, for each environment; null: no limit. */
  readonly maxRequests: number | null;
  /** Addresses and CIDR networks; null: everybody. */
  readonly allowedNetworks: readonly string[] | null;
  /** Where an environment has a domain and its www. both: the one that the other leads to; null: both answer. */
  readonly wwwRedirect: "apex" | "www" | null;
  /** Visitors come back to the same instance. */
  readonly sticky: boolean;
}

const DAY_MS = 86_400_000;
/** semantics.md: 5 days without a push (Heroku's review apps); 30 minutes idle (Heroku's eco dynos). */
const DEFAULTS: AppSettings = {
  branchTtlMs: 5 * DAY_MS,
  sleepAfterMs: 30 * 60_000,
  productionSleepAfterMs: null,
  sleep: "stop",
  branchLimit: 50,
  protectBranches: false,
  forceHttps: false,
  hstsMs: null,
  maxBodyBytes: null,
  maxRequests: null,
  allowedNetworks: null,
  wwwRedirect: null,
  sticky: false,
};

interface SettingRule {
  readonly hint: string;
  readonly valid: (value: string) => boolean;
}

const isPeriod = (value: string): boolean => value === "never" || parsePeriod(value) !== null;

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function parseSize(text: string): number | null {
  const [, count, unit = ""] = /^(\d{1,9})([kmg]?)b?$/i.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (SIZE_UNITS[unit.toLowerCase()] as number);
}

const ON_OR_OFF: SettingRule = { hint: "on or off", valid: (value) => value === "on" || value === "off" };

const RULES: Readonly<Record<string, SettingRule>> = {
  "production-branch": { hint: "a branch name", valid: (value) => parseBranchName(value) === value },
  "branch-ttl": { hint: "a period such as 12h or 5d, or never", valid: isPeriod },
  "branch-limit": {
    hint: "a number from 1 to 500",
    valid: (value) => /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 500,
  },
  "protect-branches": ON_OR_OFF,
  "sleep-after": { hint: "a period such as 30m or 2h, or never", valid: isPeriod },
  "production-sleep-after": { hint: "a period such as 30m or 2h, or never", valid: isPeriod },
  "force-https": ON_OR_OFF,
  hsts: { hint: "a period such as 180d, or never", valid: isPeriod },
  "max-body": { hint: "a size such as 512k, 10m or 1g", valid: (value) => parseSize(value) !== null },
  "max-requests": { hint: "a number from 1 to 9999", valid: (value) => /^[1-9]\d{0,3}$/.test(value) },
  "allow-ips": {
    hint: "addresses or networks with commas between: 203.0.113.7,10.0.0.0/8,2001:db8::/32",
    valid: (value) => value.split(",").every(isNetwork),
  },
  "www-redirect": {
    hint: "apex (www.example.com leads to example.com) or www (the other way)",
    valid: (value) => value === "apex" || value === "www",
  },
  sticky: ON_OR_OFF,
  sleep: { hint: "stop or freeze", valid: (value) => value === "stop" || value === "freeze" },
};

/** Throws for a name or value that is not one. */
export function checkSetting(name: string, value: string | null): void {
  const rule = RULES[name];
  if (rule === undefined) {
    throw new PushboatError({
      code: "app/unknown-setting",
      message: `${quote(name)} is not a setting of an app`,
      hint: `There are: ${Object.keys(RULES).join(", ")}`,
    });
  }
  if (value === null || rule.valid(value)) return;
  throw new PushboatError({ code: "app/setting-value", message: `${quote(value)} is not a value for ${name}`, hint: `Give ${rule.hint}.` });
}

export function readSettings(stored: Readonly<Record<string, string>>): AppSettings {
  const period = (name: string, fallback: number | null): number | null =>
    stored[name] === undefined ? fallback : parsePeriod(stored[name]);
  return {
    branchTtlMs: period("branch-ttl", DEFAULTS.branchTtlMs),
    sleepAfterMs: period("sleep-after", DEFAULTS.sleepAfterMs),
    productionSleepAfterMs: period("production-sleep-after", DEFAULTS.productionSleepAfterMs),
    sleep: stored["sleep"] === "freeze" ? "freeze" : DEFAULTS.sleep,
    branchLimit: Number(stored["branch-limit"] ?? DEFAULTS.branchLimit),
    protectBranches: stored["protect-branches"] === "on",
    forceHttps: stored["force-https"] === "on",
    hstsMs: period("hsts", DEFAULTS.hstsMs),
    maxBodyBytes: stored["max-body"] === undefined ? DEFAULTS.maxBodyBytes : parseSize(stored["max-body"]),
    maxRequests: stored["max-requests"] === undefined ? DEFAULTS.maxRequests : Number(stored["max-requests"]),
    allowedNetworks: stored["allow-ips"]?.split(",") ?? DEFAULTS.allowedNetworks,
    wwwRedirect: stored["www-redirect"] === "apex" || stored["www-redirect"] === "www" ? stored["www-redirect"] : DEFAULTS.wwwRedirect,
    sticky: stored["sticky"] === "on",
  };
}
