/** Host header -> the name that the table knows: without port, without the dot at the end, lower case. */
export function hostName(header: string): string {
  if (header.startsWith("[")) return header.slice(0, header.indexOf("]") + 1).toLowerCase();
  const colon = header.indexOf(":");
  const end = colon < 0 ? header.length : colon;
  const withoutDot = end > 0 && header.charCodeAt(end - 1) === 0x2e ? end - 1 : end;
  return header.slice(0, withoutDot).toLowerCase();
}

/** Of a Host header: `:8080`, or nothing. */
export function portOf(header: string): string {
  return /:\d+$/.exec(header)?.[0] ?? "";
}

/** A host that means the platform itself: its domain, localhost, an address, or none at all (HTTP/1.0). */
export function isPlatformHost(name: string, domain: string): boolean {
  return name === domain || name === "localhost" || name === "" || name.startsWith("[") || /^\d+(\.\d+){3}$/.test(name);
}
