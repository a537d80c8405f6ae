import { execFileSync, spawnSync } from "node:child_process";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readResolver } from "../../../../runtime/engine/network/resolver.ts";
import { type GivenEngine, givenEngine } from "./given-engine.ts";
import { givenNeighbourhood, type Neighbourhood } from "./neighbourhood.ts";
import { answering, asking } from "./perl-scripts.ts";

let given: GivenEngine;
let neighbourhood: Neighbourhood;
let hostServer: Server;
let hostPort: number;
beforeAll(async () => {
  neighbourhood = givenNeighbourhood(process.pid % 60);
  given = await givenEngine();
  hostServer = createServer((socket) => socket.end("host\n"));
  await new Promise<void>((resolve) => hostServer.listen(0, "0.0.0.0", resolve));
  hostPort = (hostServer.address() as { port: number }).port;
});
afterAll(async () => {
  hostServer?.close();
  await given?.end();
  neighbourhood?.end();
});

const publicly = (): string => asking(neighbourhood.publicAddress, neighbourhood.port);
const privately = (): string => asking(neighbourhood.privateAddress, neighbourhood.port);

describe("the network of a container", () => {
  test("reaches public addresses, behind an address of the host", async () => {
    const answer = await given.output("public", publicly());
    expect(answer).toMatch(/^neighbour sees 10\.213\.7\.\d+\n$/);
  });

  test("does not reach private addresses, and is told at once", async () => {
    const startMs = performance.now();
    expect(await given.output("private", privately())).toBe("closed\n");
    expect(performance.now() - startMs).toBeLessThan(2_500);
  });

  test("reaches exactly the private address and port that its slot is allowed, at once, until it is not any more", async () => {
    const started = await given.engine.start(given.spec("allowed", ["sleep", "60"], { slot: 11 }));
    expect(started.ip).not.toBeNull();
    const ask = (port = neighbourhood.port) => execOutput("allowed", asking(neighbourhood.privateAddress, port));
    expect(await ask()).toBe("closed\n");
    await given.engine.setAllowed(11, [{ address: neighbourhood.privateAddress, port: neighbourhood.port }]);
    expect(await ask()).toContain("neighbour sees");
    expect(await ask(neighbourhood.port + 1)).toBe("closed\n");
    expect(await given.output("later-of-the-slot", privately(), { slot: 11 })).toContain("neighbour sees");
    expect(await given.output("of-another-slot", privately(), { slot: 12 })).toBe("closed\n");
    await given.engine.setAllowed(11, []);
    expect(await ask()).toBe("closed\n");
    await given.engine.remove("allowed");
  });

  test("keeps what is allowed over a restart of the engine", async () => {
    await given.engine.setAllowed(13, [{ address: neighbourhood.privateAddress, port: neighbourhood.port }]);
    await given.engine.start(given.spec("kept-way", ["sleep", "60"], { slot: 13 }));
    const next = given.again();
    await next.prepare();
    expect(await execOutput("kept-way", privately())).toContain("neighbour sees");
    await next.close();
    await given.engine.remove("kept-way");
    await given.engine.releaseSlot(13);
    expect(await given.output("released", privately(), { slot: 13 })).toBe("closed\n");
  });

  test("does not reach the host, by any of its addresses", async () => {
    const addresses = execFileSync("ip", ["-4", "-o", "addr"], { encoding: "utf8" });
    const hosts = [...addresses.matchAll(/inet (\d+\.\d+\.\d+\.\d+)/g)]
      .map((match) => match[1] ?? "")
      .filter((ip) => !ip.startsWith("127."));
    expect(hosts.length).toBeGreaterThan(0);
    const script = [...hosts, "169.254.1.1"].map((ip) => asking(ip, hostPort)).join("; ");
    expect(await given.output("to-host", script)).toBe("closed\n".repeat(hosts.length + 1));
  });

  test("reaches containers of its own slot, and of another only while its slot is linked to that, one way", async () => {
    const other = await given.engine.start(given.spec("neighbour", answering(5000, "private"), { slot: 1 }));
    const reached = (name: string, slot: number): Promise<string> => given.output(name, asking(other.ip ?? "", 5000), { slot });
    expect(await reached("reaches-1", 1)).toBe("private\n");
    expect(await reached("reaches-2", 2)).toBe("closed\n");
    await given.engine.setLinks(1, [2]);
    expect(await reached("reaches-3", 2)).toBe("closed\n");
    await given.engine.setLinks(2, [1]);
    expect(await reached("reaches-4", 2)).toBe("private\n");
    expect(await reached("reaches-5", 3)).toBe("closed\n");
    await given.engine.setLinks(2, []);
    expect(await reached("reaches-6", 2)).toBe("closed\n");
    await given.engine.remove("neighbour");
  });

  test("cannot be reached from the neighbourhood, only from the host", async () => {
    const target = await given.engine.start(given.spec("target", answering(5000, "hello")));
    for (const source of [neighbourhood.privateAddress, neighbourhood.publicAddress]) {
      expect(neighbourhood.run(asking(target.ip ?? "", 5000, source))).toBe("closed\n");
    }
    expect(execFileSync("sh", ["-c", asking(target.ip ?? "", 5000)], { encoding: "utf8" })).toBe("hello\n");
    await given.engine.remove("target");
  });

  test("cannot send from an address that is not its own", async () => {
    const sender = await given.engine.start(given.spec("spoofer", ["sleep", "60"]));
    const enter = (program: string[]): string =>
      execFileSync("nsenter", ["-t", String(sender.pid), "-n", ...program], { encoding: "utf8" });
    // with the host's own powers, which a container never has: a second address inside
    enter(["ip", "addr", "add", "198.51.100.7/32", "dev", "eth0"]);
    const from = (source: string): string =>
      enter([
        "perl",
        "-MIO::Socket::INET",
        "-e",
        `my $s = IO::Socket::INET->new(LocalAddr => "${source}", PeerAddr => "${neighbourhood.publicAddress}", PeerPort => ${neighbourhood.port}, Timeout => 2); print $s ? <$s> : "closed\\n"`,
      ]);
    expect(from(sender.ip ?? "")).toContain("neighbour sees");
    expect(from("198.51.100.7")).toBe("closed\n");
    await given.engine.remove("spoofer");
  });

  test("has no IPv6 and the MTU of the host's way out", async () => {
    const text = await given.output("family", "cat /proc/net/if_inet6 | wc -l; cat /sys/class/net/eth0/mtu");
    const device = JSON.parse(execFileSync("ip", ["-j", "route", "get", "192.0.2.200"], { encoding: "utf8" }))[0].dev;
    const mtu = JSON.parse(execFileSync("ip", ["-j", "link", "show", "dev", device], { encoding: "utf8" }))[0].mtu;
    expect(text).toBe(`0\n${mtu}\n`);
  });

  test("asks for names at the host's address for that, and can ask the host's name servers, even at a private address", async () => {
    expect(await given.output("resolver", "cat /etc/resolv.conf")).toContain(`nameserver ${given.engine.dnsAddress()}\n`);
    const [server] = readResolver().servers;
    // any answer will do, also that there is no such name
    const ask = `perl -MIO::Socket::INET -e 'my $n = "${server}"; my $s = IO::Socket::INET->new(PeerAddr => $n, PeerPort => 53, Proto => "udp"); send $s, pack("n6 C/a C/a C n2", 7, 0x100, 1, 0, 0, 0, "www", "test", 0, 1, 1), 0; local $SIG{ALRM} = sub { print "silence\\n"; exit }; alarm 4; recv $s, my $a, 512, 0; print length($a) > 11 ? "answered\\n" : "refused\\n"'`;
    expect(await given.output("asks", ask)).toBe("answered\n");
  });

  test("has an address that leads nowhere once it is gone, not out by the default route", async () => {
    const started = await given.engine.start(given.spec("gone", ["sleep", "60"]));
    const way = () => spawnSync("ip", ["route", "get", started.ip ?? ""], { encoding: "utf8" });
    expect(way().stdout).toContain("dev pb");
    await given.engine.remove("gone");
    expect(way()).toMatchObject({ status: 2, stderr: expect.stringContaining("No route to host") });
  });

  test("never gets an address again that was another's a moment ago", async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 4; round += 1) {
      const { ip } = await given.engine.start(given.spec(`round-${round}`, ["true"]));
      expect(seen.has(ip ?? "")).toBe(false);
      seen.add(ip ?? "");
      await given.engine.remove(`round-${round}`);
    }
  });
});

async function execOutput(id: string, script: string): Promise<string> {
  const child = await given.engine.exec({
    id,
    argv: ["sh", "-c", script],
    env: {},
    workingDirectory: "/",
    uid: 1000,
    gid: 1000,
    terminal: null,
  });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += chunk.toString();
  });
  child.stdin.end();
  await child.exit;
  return text;
}
