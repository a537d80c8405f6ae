/** Little programs for containers and namespaces: perl is in every Debian. */

/** Answers every TCP connection with a line, then closes. */
export function answering(port: number, text: string): readonly string[] {
  return [
    "perl",
    "-MIO::Socket::INET",
    "-e",
    `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 20, ReuseAddr => 1) or die "listen: $!"; while (my $c = $s->accept) { print $c "${text}\\n"; close $c }`,
  ];
}

/** A shell line that prints what the address answers, or `closed`. */
export function asking(address: string, port: number, source = "0.0.0.0"): string {
  return `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalAddr => "${source}", PeerAddr => "${address}", PeerPort => ${port}, Timeout => 3); print $s ? <$s> : "closed\\n"'`;
}
