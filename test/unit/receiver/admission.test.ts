import { describe, expect, test } from "vitest";
import { createGrants } from "../../../receiver/hooks/grants.ts";
import { createAdmission } from "../../../receiver/ssh/admission.ts";

describe("admission", () => {
  test("counts in all and for each address, and leaving twice counts once", () => {
    const admission = createAdmission({ total: 3, perAddress: 2 });
    const first = admission.enter("a");
    expect(admission.enter("a")).not.toBeNull();
    expect(admission.enter("a")).toBeNull();
    expect(admission.enter("b")).not.toBeNull();
    expect(admission.enter("c")).toBeNull();
    first?.leave();
    first?.leave();
    expect(admission.enter("a")).not.toBeNull();
    expect(admission.enter("c")).toBeNull();
  });
});

describe("a hook's grant", () => {
  test("opens each hook once, for its own push, until git has ended", async () => {
    const grants = createGrants();
    const grant = {
      app: "blog" as never,
      identity: { name: "a", via: "ssh", role: "admin", from: "x" } as const,
      disconnected: new AbortController().signal,
    };
    const { token, revoke } = grants.issue(grant);
    expect(grants.redeem("", "pre-receive")).toBeNull();
    expect(grants.redeem(token, "pre-receive")).toBe(grant);
    expect(grants.redeem(token, "pre-receive")).toBeNull();
    await revoke();
    expect(grants.redeem(token, "proc-receive")).toBeNull();
    expect(grants.issue(grant).token).not.toBe(token);
  });
});
