/** Listening sockets that the launcher's supervisor holds (launcher/listen.pl): `http=30 https=31`, file descriptors of ours, too. */

export function handedSockets(text: string | undefined): ReadonlyMap<string, number> {
  const pairs = (text ?? "").split(" ").map((pair) => /^([a-z]+)=(\d+)$/.exec(pair));
  return new Map(pairs.flatMap((match) => (match === null ? [] : [[match[1] ?? "", Number(match[2])]])));
}
