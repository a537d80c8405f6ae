/** The attacker inside a container reaches out: network, sockets and files of the host, more than its share. Each attempt succeeds once, with that fence off. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenEngine, givenEngine } from "./given-engine.ts";
import { givenNeighbourhood, type Neighbourhood } from "./neighbourhood.ts";
import { answering, asking } from "./perl-scripts.ts";

const LINK_LOCAL = "169.254.170.23"; // as clouds' metadata and credential services
const MB = 1024 * 1024;

let given: GivenEngine;
let neighbourhood: Neighbourhood;
let directory: string;
const servers: Server[] = [];
beforeAll(async () => {
  neighbourhood = givenNeighbourhood((process.pid % 60) + 3);
  given = await givenEngine();
  directory = mkdtempSync("/var/tmp/pushboat-reach-");
  chmodSync(directory, 0o755);
});
afterAll(async () => {
  for (const server of servers) server.close();
  await given?.end();
  neighbourhood?.end();
  rmSync(directory, { recursive: true, force: true });
});

/** Without the firewall of this one platform; the next engine that starts puts it back. */
async function withoutFirewall<T>(work: () => Promise<T>): Promise<T> {
  execFileSync("nft", ["delete", "table", "inet", `pushboat_${given.settings.platformId}`]);
  try {
    return await work();
  } finally {
    const next = given.again();
    await next.prepare();
    await next.close();
  }
}

async function listening(where: { readonly port: number; readonly host: string } | { readonly path: string }): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // who only knocks has gone before the answer
    socket.end("reached\n");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(where, resolve));
  return server;
}

describe("an attacker on the network", () => {
  /** Ports that take a connection, of the last 20 below a port that is open: what is refused by ICMP is told some times a second only. */
  const scan = (address: string, port: number): string =>
    `perl -MIO::Socket::INET -e 'for my $p (${port - 20} .. ${port}) { print "open $p\\n" if IO::Socket::INET->new(PeerAddr => "${address}", PeerPort => $p, Timeout => 0.2) }'`;

  test("scans the ports of the host and finds none", async () => {
    const { port } = (await listening({ port: 0, host: "0.0.0.0" })).address() as { port: number };
    const host = neighbourhood.privateAddress.replace(/\d+$/, (last) => String(Number(last) - 1));
    expect(await given.output("scan-host", scan(host, port))).toBe("");
    expect(await withoutFirewall(() => given.output("scan-host-open", scan(host, port)))).toContain(`open ${port}\n`);
  });

  test("scans a neighbour and finds none of its ports", async () => {
    const { ip } = await given.engine.start(given.spec("scanned", answering(5000, "neighbour"), { slot: 2 }));
    expect(await given.output("scan-neighbour", scan(ip ?? "", 5000), { slot: 1 })).toBe("");
    expect(await withoutFirewall(() => given.output("scan-neighbour-open", scan(ip ?? "", 5000), { slot: 1 }))).toContain("open 5000\n");
    await given.engine.remove("scanned");
  });

  test("asks a link-local service, a private machine, and gets neither", async () => {
    const name = `pbtest${(process.pid % 60) + 3}`;
    execFileSync("ip", ["-n", name, "addr", "add", `${LINK_LOCAL}/32`, "dev", "eth0"]);
    execFileSync("ip", ["route", "add", `${LINK_LOCAL}/32`, "via", neighbourhood.privateAddress]);
    try {
      for (const address of [LINK_LOCAL, neighbourhood.privateAddress]) {
        expect(await given.output(`asks-${address.length}`, asking(address, neighbourhood.port))).toBe("closed\n");
        const open = () => given.output(`asks-open-${address.length}`, asking(address, neighbourhood.port));
        expect(await withoutFirewall(open)).toContain("neighbour sees");
      }
    } finally {
      execFileSync("ip", ["route", "del", `${LINK_LOCAL}/32`]);
    }
  });

  test("opens raw and packet sockets as root of its namespace, and gets none; with the capability it does", () => {
    const raw = `perl -MSocket -e 'print socket(my $s, ${"PF_INET"}, SOCK_RAW, 1) ? "through\\n" : "refused\\n"'`;
    expect(execFileSync("sh", ["-c", raw], { encoding: "utf8" })).toBe("through\n");
    return expect(given.output("raw", raw, { uid: 0, gid: 0 })).resolves.toBe("refused\n");
  });
});

describe("an attacker looks for sockets and files of the platform", () => {
  test("by their paths, through /proc and among abstract names: not one is there", async () => {
    const paths = ["admin.sock", "redis.sock", "router.sock", "git.sock"].map((name) => `${directory}/${name}`);
    for (const path of paths) {
      await listening({ path });
      chmodSync(path, 0o777); // not the rights of the file: that it is not there is the fence
    }
    const abstract = `pushboat-reach-${process.pid}`;
    await listening({ path: `\0${abstract}` });
    writeFileSync(`${directory}/pushboat.sqlite`, "state", { mode: 0o644 });
    const attempts = [
      ...paths.map((path) => `connects("${path}")`),
      ...paths.map((path) => `connects("/proc/${process.pid}/root${path}")`),
      `connects("\\0${abstract}")`,
      `opens("${directory}/pushboat.sqlite")`,
      `opens("/proc/${process.pid}/root${directory}/pushboat.sqlite")`,
    ];
    const script = `perl -MSocket -e 'sub connects { socket(my $s, PF_UNIX, SOCK_STREAM, 0); print connect($s, pack_sockaddr_un($_[0])) ? "through\\n" : "refused\\n" } sub opens { print open(my $f, "<", $_[0]) ? "through\\n" : "refused\\n" } ${attempts.join("; ")}'`;
    expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe("through\n".repeat(attempts.length));
    expect(await given.output("sockets", script)).toBe("refused\n".repeat(attempts.length));
    expect(await given.output("sockets-root", script, { uid: 0, gid: 0 })).toBe("refused\n".repeat(attempts.length));
  });

  test("plants a symlink in a volume: it leads nowhere inside, and the host's file keeps its owner, mode and text", async () => {
    const secret = `${directory}/secret`;
    writeFileSync(secret, "of the host\n", { mode: 0o644 });
    const volume = `${directory}/volume`;
    mkdirSync(volume);
    const before = execFileSync("stat", ["-c", "%u %g %a %Y", secret], { encoding: "utf8" });
    const mounts = [{ source: volume, target: "/data", readOnly: false, mapOwners: true }];
    const plant = `ln -s ${secret} /data/link; ln -s /proc/1/root${secret} /data/root; cat /data/link /data/root; echo x > /data/link; echo done`;
    expect(
      (await given.output("symlink", plant, { uid: 0, gid: 0, mounts })).split("\n").filter((line) => /of the host/.test(line)),
    ).toEqual([]);
    expect(execFileSync("cat", [`${volume}/link`], { encoding: "utf8" })).toBe("of the host\n"); // what a careless reader on the host would get
    await given.output("symlink-again", "true", { uid: 0, gid: 0, mounts });
    expect(execFileSync("stat", ["-c", "%u %g %a %Y", secret], { encoding: "utf8" })).toBe(before);
  });

  test("runs a setuid program of its image and stays who it is", async () => {
    const program = `${given.rootfs}/usr/bin/setuid-id`;
    execFileSync("sh", ["-c", `cp /usr/bin/id ${program} && chown 0:0 ${program} && chmod 4755 ${program}`]);
    chmodSync(given.rootfs, 0o755);
    const host = execFileSync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", program, "-u"], { encoding: "utf8" });
    expect(host).toBe("0\n");
    expect(await given.output("setuid", "setuid-id -u")).toBe("1000\n");
  });
});

describe("an attacker takes more than its share", () => {
  const FORK = `perl -e '$| = 1; my $n = 0; for (1 .. 300) { my $p = fork; last unless defined $p; if ($p == 0) { sleep 20; exit } $n++ } print "$n\\n"; kill 9, -1'`;
  test("a fork bomb ends at the limit of processes", async () => {
    expect(Number(await given.output("forks", FORK, { pids: 64 }))).toBeLessThan(64);
    expect(Number(await given.output("forks-free", FORK, { pids: 1000, memoryBytes: 1024 * MB }))).toBe(300);
  });

  test("a memory bomb is killed, and nothing else with it", async () => {
    const bomb = `perl -e '$| = 1; my $m = "x" x ${300 * MB}; print "has it\\n"'`;
    await given.engine.start(given.spec("bystander", ["sleep", "60"]));
    expect(await given.output("memory", bomb)).not.toContain("has it");
    expect(await given.output("memory-free", bomb, { memoryBytes: 1024 * MB })).toBe("has it\n");
    expect(given.engine.memoryBytes("bystander")).toBeGreaterThan(0);
    await given.engine.remove("bystander");
  });

  test("descriptors end at the limit of open files, far below the host's", async () => {
    const open = `perl -e 'my @all; while (open my $f, "<", "/dev/null") { push @all, $f; last if @all > 2_000_000 } print scalar(@all), "\\n"'`;
    const most = Number(execFileSync("cat", ["/proc/sys/fs/file-max"], { encoding: "utf8" }));
    const got = Number(await given.output("files", open, { memoryBytes: 1024 * MB }));
    expect(got).toBeGreaterThan(100);
    expect(got * 10).toBeLessThan(most);
    expect(Number(await given.output("files-free", `ulimit -n 200; ${open}`))).toBeLessThan(200);
  });
});
