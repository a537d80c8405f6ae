/** What `doctor` makes of figures and texts, at the marks where its judgement changes. */
import { describe, expect, test } from "vitest";
import { runChecks, well } from "../../../launcher/doctor/finding.ts";
import {
  type Chain,
  judgeCertificate,
  judgeCgroups,
  judgeClock,
  judgeDisk,
  judgeFirewall,
  judgeKernel,
  judgeMemory,
  judgeName,
  judgeRunc,
  judgeUserNamespaces,
} from "../../../launcher/doctor/judge.ts";

const DAY_MS = 24 * 3_600_000;
const disk = { directory: "/var", bytes: 1_000_000_000, inodes: 100, availableInodes: 50 };
const forward: Chain = { family: "ip", table: "filter", name: "FORWARD", hook: "forward", policy: "drop" };

describe("doctor", () => {
  test.each([
    ["a kernel with mapped overlays", judgeKernel("5.19.0-1-amd64"), "well"],
    ["a kernel before them", judgeKernel("5.18.9"), "trouble"],
    ["a newer major", judgeKernel("6.1.0"), "well"],
    ["user namespaces", judgeUserNamespaces("95000\n"), "well"],
    ["user namespaces switched off", judgeUserNamespaces("0\n"), "trouble"],
    ["no user namespaces", judgeUserNamespaces(null), "trouble"],
    ["all controllers", judgeCgroups({ version: "hybrid", controllers: ["cpu", "memory", "pids"] }), "well"],
    ["no memory controller", judgeCgroups({ version: "v2", controllers: ["cpu", "pids"] }), "trouble"],
    ["no cgroups", judgeCgroups({ version: "none", controllers: [] }), "trouble"],
    ["Debian's patched runc", judgeRunc("runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\n"), "well"],
    ["an unpatched runc", judgeRunc("runc version 1.1.11\ncommit: v1.1.11\n"), "trouble"],
    ["a new runc", judgeRunc("runc version 1.1.12\n"), "well"],
    ["runc 1.2", judgeRunc("runc version 1.2.0\n"), "well"],
    ["memory", judgeMemory(300_000_000, 0), "well"],
    ["little memory", judgeMemory(299_999_999, 0), "warning"],
    ["a clock a minute off", judgeClock(60_000, 0, "x"), "well"],
    ["a clock further off", judgeClock(0, 60_001, "x"), "trouble"],
    ["nobody who drops", judgeFirewall([{ ...forward, policy: "accept" }], "pb"), "well"],
    ["our own table", judgeFirewall([{ ...forward, table: "pushboat_1a2b3c4d" }], "pb"), "well"],
    ["Docker's or ufw's forward chain", judgeFirewall([forward], "pb"), "trouble"],
    ["the machine's own address", judgeName("x.example.com", ["192.0.2.1"], ["192.0.2.1"]), "well"],
    ["somebody else's address", judgeName("x.example.com", ["192.0.2.2"], ["192.0.2.1"]), "warning"],
    ["no address", judgeName("x.example.com", [], ["192.0.2.1"]), "trouble"],
    ["a certificate with time", judgeCertificate("h", 15 * DAY_MS, 0), "well"],
    ["one that ends in two weeks", judgeCertificate("h", 14 * DAY_MS, 0), "warning"],
    ["one that has ended", judgeCertificate("h", 0, DAY_MS), "trouble"],
  ])("calls %s what it is", (_, finding, level) => {
    expect(finding.level).toBe(level);
    if (level !== "well") expect([finding.why, finding.mend]).not.toContain(undefined);
  });

  test.each([
    [201_000_000, "well"],
    [200_000_000, "warning"],
    [50_000_000, "trouble"],
  ])("judges a disk with %d of 1000000000 bytes free", (availableBytes, level) => {
    expect(judgeDisk({ ...disk, availableBytes }).map((finding) => finding.level)).toEqual([level, "well"]);
  });

  test("has no opinion on inodes where a filesystem has no number of them", () => {
    expect(judgeDisk({ ...disk, availableBytes: 900_000_000, inodes: 0 })).toHaveLength(1);
  });

  test("goes on when one check cannot look, and says so", async () => {
    const found = await runChecks({
      a: async () => [well("a", "fine")],
      b: async () => {
        throw new Error("no such tool");
      },
    });
    expect(found).toEqual([well("a", "fine"), { check: "b", level: "unknown", seen: "could not be looked at: no such tool" }]);
  });
});
