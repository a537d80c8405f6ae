/** What the launcher does to the host: whose keys it takes, whom it lets through closed directories, how it keeps services from starting. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mustRun, run } from "../../support/command.ts";
import { ROOT, shell } from "./shell.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync("/var/tmp/pushboat-host-");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("Administrators' keys", () => {
  test("are plain public keys; one that is restricted in authorized_keys, a comment and a private key are passed over", async () => {
    const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJq5JqSdkN5CRZr1Y1vWk8Mw2xgDfT0f4K2R1pQJd0Yb";
    const file = join(directory, "authorized_keys");
    const lines = [
      "# laptop",
      `ssh-ed25519 ${blob} alice@laptop\r`,
      `command="/bin/backup" ssh-ed25519 ${blob} backup`,
      `restrict ssh-rsa ${blob}`,
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      `sk-ssh-ed25519@openssh.com ${blob}== token`,
    ];
    writeFileSync(file, lines.join("\n"));
    const taken = await shell(["say", "keys"], `plain_keys '${file}'`);
    expect(taken.stdout).toBe(`ssh-ed25519 ${blob} alice@laptop\nsk-ssh-ed25519@openssh.com ${blob}== token\n`);
  });
});

describe("A closed directory above the data directory", () => {
  const mayPass = async (user: string) =>
    (await run(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "test", "-x", directory])).code === 0;

  test("lets the git user through after the grant, and nobody else", async () => {
    chmodSync(directory, 0o700);
    expect(await mayPass("pushboat-git")).toBe(false);
    const uid = (await mustRun(["id", "-u", "pushboat-git"])).stdout.trim();
    await mustRun(["perl", join(ROOT, "launcher/grant-passage.pl"), directory, uid]);
    expect(await mayPass("pushboat-git")).toBe(true);
    expect(await mayPass("pushboat-redis")).toBe(false);
    const list = await run(["setpriv", "--reuid", "pushboat-git", "--regid", "pushboat-git", "--clear-groups", "ls", directory]);
    expect(list.stderr).toContain("Permission denied");
  });

  test("can be granted twice, and for two users", async () => {
    chmodSync(directory, 0o700);
    for (const user of ["pushboat-git", "pushboat-router", "pushboat-git"]) {
      const uid = (await mustRun(["id", "-u", user])).stdout.trim();
      await mustRun(["perl", join(ROOT, "launcher/grant-passage.pl"), directory, uid]);
    }
    expect(await mayPass("pushboat-git")).toBe(true);
    expect(await mayPass("pushboat-router")).toBe(true);
    expect(await mayPass("pushboat-redis")).toBe(false);
  });
});

describe("While packages are installed", () => {
  const policyFunctions = (text: string) => {
    const policy = join(directory, "policy-rc.d");
    return shell(["say", "packages"], `POLICY='${policy}' POLICY_SAVED='${policy}.before-pushboat'\n${text}`);
  };

  test("no service may start, and the policy of before is put back", async () => {
    const policy = join(directory, "policy-rc.d");
    writeFileSync(policy, "#!/bin/sh\nexit 104\n", { mode: 0o755 });
    const during = await policyFunctions('forbid_service_starts; "$POLICY" redis-server start; echo "answer $?"');
    expect(during.stdout).toBe("answer 101\n");
    await policyFunctions("restore_policy");
    expect(readFileSync(policy, "utf8")).toBe("#!/bin/sh\nexit 104\n");
    expect(existsSync(`${policy}.before-pushboat`)).toBe(false);
  });

  test("where there was no policy, there is none afterwards", async () => {
    await policyFunctions("forbid_service_starts; restore_policy");
    expect(existsSync(join(directory, "policy-rc.d"))).toBe(false);
  });
});

describe("The run directory", () => {
  test("is a tmpfs that nobody can list", async () => {
    await shell(["say", "packages", "host"], "mount_run_directory");
    expect((await mustRun(["stat", "-f", "-c", "%T", "/run/pushboat"])).stdout.trim()).toBe("tmpfs");
    expect(statSync("/run/pushboat").mode & 0o777).toBe(0o711);
  });
});

describe("Dependencies", () => {
  test("are installed once for a lockfile; a failed installation leaves the ones of before whole", { timeout: 180_000 }, async () => {
    const checkout = join(directory, "checkout");
    mkdirSync(checkout);
    writeFileSync(join(checkout, ".npmrc"), "ignore-scripts=true\n");
    const lock = (version: string) => ({
      name: "tried",
      lockfileVersion: 3,
      packages: {
        "": { name: "tried", dependencies: { semver: version } },
        "node_modules/semver": { version, bin: { semver: "bin/semver.js" } },
      },
    });
    const write = (version: string) => {
      writeFileSync(join(checkout, "package.json"), JSON.stringify({ name: "tried", dependencies: { semver: version } }));
      writeFileSync(join(checkout, "package-lock.json"), JSON.stringify(lock(version)));
    };
    const ensure = () =>
      shell(["say", "processes", "packages", "modules"], "ensure_modules", { ...process.env, ROOT: checkout } as Record<string, string>);
    const installed = () =>
      (JSON.parse(readFileSync(join(checkout, "node_modules/semver/package.json"), "utf8")) as { version: string }).version;

    write("7.8.6");
    const first = await ensure();
    expect(first.stderr).toContain("Installing dependencies (npm ci)");
    expect(first.code).toBe(0);
    expect(installed()).toBe("7.8.6");

    const second = await ensure();
    expect(second.output).toBe("");
    expect(second.code).toBe(0);

    write("999.0.0");
    const broken = await ensure();
    expect(broken.stderr).toContain("npm ci failed");
    expect(broken.code).toBe(1);
    expect(installed()).toBe("7.8.6");
  });
});
