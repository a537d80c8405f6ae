/** A machine in the host's neighbourhood, made of a network namespace: it has a private address and a public one, and answers on both. */
import { execFileSync, spawn } from "node:child_process";

export interface Neighbourhood {
  readonly privateAddress: string;
  readonly publicAddress: string;
  readonly port: number;
  /** A shell line on that machine; answers what it printed. */
  run(script: string): string;
  end(): void;
}

/** `number` (0..63): two at once must differ. The public address is one of RFC 5737, which nobody has. */
export function givenNeighbourhood(number: number): Neighbourhood {
  const name = `pbtest${number}`;
  const hostAddress = `10.213.7.${number * 4 + 1}`;
  const privateAddress = `10.213.7.${number * 4 + 2}`;
  const publicAddress = `203.0.113.${number + 1}`;
  const port = 7000;
  const ip = (text: string): void => void execFileSync("ip", text.split(" "));
  ip(`netns add ${name}`);
  ip(`link add ${name} type veth peer name eth0 netns ${name}`);
  ip(`addr add ${hostAddress}/30 dev ${name}`);
  ip(`link set ${name} up`);
  for (const line of [
    "link set lo up",
    `addr add ${privateAddress}/30 dev eth0`,
    `addr add ${publicAddress}/32 dev eth0`,
    "link set eth0 up",
  ]) {
    ip(`-n ${name} ${line}`);
  }
  ip(`-n ${name} route add default via ${hostAddress}`);
  ip(`route add ${publicAddress}/32 via ${privateAddress}`);
  const script = `use IO::Socket::INET; $| = 1; my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 20, ReuseAddr => 1) or die; print "up\\n"; while (my $c = $s->accept) { print $c "neighbour sees ", $c->peerhost, "\\n"; close $c }`;
  const server = spawn("ip", ["netns", "exec", name, "perl", "-e", script], { stdio: "ignore" });
  return {
    privateAddress,
    publicAddress,
    port,
    run: (script) => execFileSync("ip", ["netns", "exec", name, "sh", "-c", script], { encoding: "utf8" }),
    end() {
      server.kill("SIGKILL");
      ip(`link del ${name}`);
      ip(`netns del ${name}`);
    },
  };
}
