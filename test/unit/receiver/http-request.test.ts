import { describe, expect, test } from "vitest";
import { PushboatError } from "../../../core/index.ts";
import { statusOf } from "../../../receiver/http/answers.ts";
import { originOf, tokenOf } from "../../../receiver/http/credentials.ts";

describe("where a request comes from", () => {
  test.each([
    [{}, { address: "unknown", encrypted: false, loopback: false }],
    [{ "x-forwarded-for": "127.0.0.1" }, { address: "127.0.0.1", encrypted: false, loopback: true }],
    [{ "x-forwarded-for": "::1" }, { address: "::1", encrypted: false, loopback: true }],
    [{ "x-forwarded-for": "::ffff:127.0.0.1" }, { address: "127.0.0.1", encrypted: false, loopback: true }],
    [{ "x-forwarded-for": "127.0.0.1, 203.0.113.7" }, { address: "203.0.113.7", encrypted: false, loopback: false }],
    [{ "x-forwarded-for": "127.0.0.1.evil" }, { address: "unknown", encrypted: false, loopback: false }],
    [{ "x-forwarded-proto": "https, http" }, { address: "unknown", encrypted: false, loopback: false }],
    [{ "x-forwarded-proto": "https" }, { address: "unknown", encrypted: true, loopback: false }],
  ])("%j", (headers, origin) => {
    expect(originOf(headers)).toEqual(origin);
  });
});

describe("the token of a request", () => {
  test.each([
    [undefined, null],
    ["", null],
    ["Bearer abc", "abc"],
    ["BEARER abc", "abc"],
    ["Bearer a b", null],
    [`Basic ${btoa("user:abc")}`, "abc"],
    [`Basic ${btoa(":abc")}`, "abc"],
    [`Basic ${btoa("user:a:b")}`, "a:b"],
    [`Basic ${btoa("user:")}`, null],
    [`Basic ${btoa("abc")}`, null],
    ["Digest abc", null],
  ])("of %j is %j", (header, token) => {
    expect(tokenOf(header)).toBe(token);
  });
});

describe("the status of an error", () => {
  test.each([
    ["app/unknown", "user", 404],
    ["name/app", "user", 400],
    ["http/unauthorized", "user", 401],
    ["anything/else", "user", 403],
    ["anything/else", "transient", 503],
    ["anything/else", "platform", 500],
  ] as const)("%s (%s) is %i", (code, kind, status) => {
    expect(statusOf(new PushboatError({ code, kind, message: "x" }))).toBe(status);
  });
});
