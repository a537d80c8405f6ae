/** The domain that somebody registered, by the public suffix list: what authorities count certificates by. */

/** `a.b.example.co.uk` -> `example.co.uk`. The list takes 12 MB: read when it is needed. */
export async function registeredDomain(name: string): Promise<string> {
  const { getDomain } = await import("tldts");
  const host = name.replace(/^\*\./, "");
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
