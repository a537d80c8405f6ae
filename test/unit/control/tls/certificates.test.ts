import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readBundle } from "../../../../control/tls/bundle.ts";
import { integer, objectIdentifier, tagged, time } from "../../../../control/tls/der.ts";
import { issueCertificate, makeAuthority } from "../../../../control/tls/local-authority.ts";
import { type HostName, PushboatError } from "../../../../core/index.ts";

const NOW_MS = Date.parse("2026-08-01T10:00:00Z");
const DAY_MS = 86_400_000;
const host = "blog.localhost" as HostName;
const codeOf = (act: () => unknown) => {
  try {
    act();
    return "nothing";
  } catch (error) {
    return error instanceof PushboatError ? error.code : String(error);
  }
};

describe("DER", () => {
  it("writes lengths, integers, identifiers and times as X.690 and RFC 5280 have them", () => {
    expect(tagged(4, Buffer.alloc(127)).subarray(0, 2)).toEqual(Buffer.from([4, 127]));
    expect(tagged(4, Buffer.alloc(128)).subarray(0, 3)).toEqual(Buffer.from([4, 0x81, 128]));
    expect(tagged(4, Buffer.alloc(300)).subarray(0, 4)).toEqual(Buffer.from([4, 0x82, 1, 44]));
    expect(integer(Buffer.from([0, 0, 0x80]))).toEqual(Buffer.from([2, 2, 0, 0x80]));
    expect(integer(Buffer.from([0]))).toEqual(Buffer.from([2, 1, 0]));
    expect(objectIdentifier("1.2.840.10045.4.3.2").toString("hex")).toBe("06082a8648ce3d040302");
    expect(time(NOW_MS).toString("latin1")).toBe("\x17\r260801100000Z");
    expect(time(Date.parse("2050-01-01T00:00:00Z")).toString("latin1")).toBe("\x18\x0f20500101000000Z");
  });
});

describe("the platform's authority", () => {
  const authority = makeAuthority("Pushboat 1a2b3c4d", NOW_MS);
  const root = new X509Certificate(authority.certificate);
  const pair = issueCertificate(authority, host, NOW_MS);
  const leaf = new X509Certificate(pair.certificate);

  it("signs a certificate for one host, for 90 days, that a browser's rules take", () => {
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.checkHost(host, { subject: "never" })).toBe(host);
    expect(leaf.checkHost("other.localhost", { subject: "never" })).toBeUndefined();
    expect(leaf.ca).toBe(false);
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect((leaf.validToDate.getTime() - NOW_MS) / DAY_MS).toBe(90);
    expect(leaf.validFromDate.getTime()).toBeLessThan(NOW_MS);
  });

  it("is an authority itself, signed by itself, and never gives two certificates one number", () => {
    expect([root.ca, root.verify(root.publicKey), root.subject]).toEqual([true, true, "CN=Pushboat 1a2b3c4d"]);
    expect(new X509Certificate(issueCertificate(authority, host, NOW_MS).certificate).serialNumber).not.toBe(leaf.serialNumber);
  });

  it("takes a host that is longer than a common name may be", () => {
    const long = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
    expect(new X509Certificate(issueCertificate(authority, long, NOW_MS).certificate).checkHost(long)).toBe(long);
  });
});

describe("a certificate of the user's own", () => {
  const authority = makeAuthority("a company", NOW_MS);
  const pair = issueCertificate(authority, host, NOW_MS);

  it("is taken in any order of chain and key", () => {
    for (const text of [pair.certificate + pair.key, pair.key + pair.certificate, `\r\nnotes\r\n${pair.certificate}\n${pair.key}`]) {
      const read = readBundle(text, [host], NOW_MS);
      expect(new X509Certificate(read.certificate).fingerprint).toBe(new X509Certificate(pair.certificate).fingerprint);
      expect(read.certificate.match(/BEGIN/g)).toHaveLength(2);
    }
  });

  it("is refused with a word on what is wrong", () => {
    const foreign = generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(codeOf(() => readBundle("", [host], NOW_MS))).toBe("certs/pem");
    expect(codeOf(() => readBundle(pair.certificate, [host], NOW_MS))).toBe("certs/pem");
    expect(codeOf(() => readBundle(pair.certificate + pair.key + foreign, [host], NOW_MS))).toBe("certs/pem");
    expect(codeOf(() => readBundle(pair.certificate.replace(/[A-Z]{4}/g, "AAAA") + pair.key, [host], NOW_MS))).toBe("certs/pem");
    expect(codeOf(() => readBundle(pair.certificate + foreign, [host], NOW_MS))).toBe("certs/key");
    expect(codeOf(() => readBundle(pair.certificate + pair.key, [host], NOW_MS + 91 * DAY_MS))).toBe("certs/expired");
    expect(codeOf(() => readBundle(pair.certificate + pair.key, ["shop.localhost" as HostName], NOW_MS))).toBe("certs/hosts");
  });
});
