import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePublicKey } from "../../../control/access-actions.ts";

test("the fingerprint of a public key is the one that ssh-keygen prints", () => {
  const directory = mkdtempSync(join(tmpdir(), "keys-"));
  try {
    for (const type of ["ed25519", "rsa", "ecdsa"]) {
      const file = join(directory, type);
      execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "alice@laptop", "-f", file]);
      const printed = execFileSync("ssh-keygen", ["-l", "-f", `${file}.pub`], { encoding: "utf8" }).split(" ")[1];
      expect(parsePublicKey(readFileSync(`${file}.pub`, "utf8"))).toMatchObject({ fingerprint: printed, comment: "alice@laptop" });
      expect(() => parsePublicKey(readFileSync(file, "utf8"))).toThrow(/private key/);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.each([
  "",
  "hello",
  "ssh-ed25519",
  "ssh-ed25519 AAAA",
  "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==",
  'command="x" ssh-ed25519 AAAA',
  "ssh-dss AAAAB3NzaC1kc3MAAAA=",
])("%j is not a public key", (text) => {
  expect(() => parsePublicKey(text)).toThrow(/is not an SSH public key/);
});
