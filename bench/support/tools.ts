/** Programs of Debian's that a benchmark compares with or loads with; whoever runs it installs them. */
import { execFileSync } from "node:child_process";

/** Program -> package. */
const PACKAGES: Readonly<Record<string, string>> = { nginx: "nginx-light", haproxy: "haproxy", wrk: "wrk", openssl: "openssl" };

export function requireTools(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length > 0) throw new Error(`missing: apt-get install ${missing.map((program) => PACKAGES[program] ?? program).join(" ")}`);
}

function isThere(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
