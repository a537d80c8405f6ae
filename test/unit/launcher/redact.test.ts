/** No secret leaves the machine in a support bundle, in whatever form it stands there. */
import { expect, test } from "vitest";
import { redact } from "../../../launcher/support-bundle/redact.ts";

test.each([
  ["a known value", 'log "hunter2hunter2" end', "hunter2hunter2"],
  ["a known value that JSON escapes", '{"a":"pa\\"ss\\\\word"}', 'pa\\"ss\\\\word'],
  ["the password of an address", "redis://user:s3cr3t@db:6379/0", "s3cr3t"],
  ["a bearer token", "Authorization: Bearer abc.def-ghi", "abc.def-ghi"],
  ["basic credentials in JSON", '"authorization":"Basic dXNlcjpwYXNz"', "dXNlcjpwYXNz"],
  ["a variable by its name", "SMTP_PASSWORD=open-sesame x", "open-sesame"],
  ["a JSON member by its name", '"apiKey":"k-123456"', "k-123456"],
  ["a private key", "a\n-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\nb", "MHcCAQ"],
  ["a private key that was cut off", "-----BEGIN PRIVATE KEY-----\nMIIEvg", "MIIEvg"],
])("removes %s", (_, text, secret) => {
  const left = redact(text, ["hunter2hunter2", 'pa"ss\\word']);
  expect(left).not.toContain(secret);
  expect(left).toContain("[removed]");
});

test("leaves what is no secret, also where a short value of config stands in it", () => {
  expect(redact("listening on 8080, true", ["8080", "true"])).toBe("listening on 8080, true");
  expect(redact("git at ssh://pushboat.example.com/blog", [])).toBe("git at ssh://pushboat.example.com/blog");
});
