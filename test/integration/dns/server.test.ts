/** The name server on real sockets: own names from the table, all others from a resolver that writes down what it was asked. */
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packet, { type Packet, type RecordType } from "dns-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DnsTable } from "../../../core/index.ts";
import { listen, type NameServer } from "../../../dns/server.ts";
import { type TableFile, watchTable } from "../../../dns/table-file.ts";
import { resolversOf } from "../../../dns/upstream.ts";

const CLIENT = "127.0.0.1";
let directory: string;
let table: TableFile;
let server: NameServer;
let upstream: Socket;
let upstreamTcp: Server;
let asked: string[];
let ids: number[];

const write = (changed: Partial<DnsTable["environments"][number]>): void => {
  const own = {
    name: "blog",
    domain: "blog",
    clients: [CLIENT],
    ready: { web: ["198.18.0.1", "198.18.0.2"], worker: [] },
    links: [],
    ...changed,
  };
  writeFileSync(join(directory, "new"), JSON.stringify({ address: CLIENT, environments: [own] }));
  renameSync(join(directory, "new"), join(directory, "table.json"));
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "dns-"));
  asked = [];
  ids = [];
  write({});
  upstream = createSocket("udp4");
  const answered = (message: Buffer, over: string): Buffer => {
    const { id = 0, questions = [] } = packet.decode(message);
    asked.push(`${over} ${questions[0]?.name}`);
    ids.push(id);
    const answers = [{ type: "A" as const, name: questions[0]?.name ?? "", ttl: 60, data: "203.0.113.7" }];
    return packet.encode({ type: "response", id, questions, answers });
  };
  upstream.on("message", (message, from) => upstream.send(answered(message, "udp"), from.port, from.address));
  await new Promise<void>((resolve) => upstream.bind(0, CLIENT, resolve));
  upstreamTcp = createServer((socket) =>
    socket.on("data", (chunk) => {
      const bytes = answered(chunk.subarray(2), "tcp");
      socket.end(Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]));
    }),
  );
  const port = upstream.address().port;
  await new Promise<void>((resolve) => upstreamTcp.listen(port, CLIENT, resolve));
  table = watchTable(join(directory, "table.json"));
  const upstreams = () => [{ address: CLIENT, port }];
  server = await listen({ table, upstreams, address: CLIENT, port: 0, onDefect: (error) => asked.push(String(error)) });
});
afterEach(() => {
  server.close();
  table.close();
  upstream.close();
  upstreamTcp.close();
  rmSync(directory, { recursive: true });
});

function ask(name: string, type: RecordType = "A"): Promise<Packet> {
  const socket = createSocket("udp4");
  const question = packet.encode({ type: "query", id: 4711, flags: packet.RECURSION_DESIRED, questions: [{ type, name }] });
  return new Promise((resolve) => {
    socket.on("message", (message) => {
      socket.close();
      resolve(packet.decode(message));
    });
    socket.send(question, server.port, CLIENT);
  });
}

const code = (answer: Packet): string => (answer as unknown as { readonly rcode: string }).rcode;
const data = ({ answers = [] }: Packet): readonly unknown[] => answers.map((one) => ("data" in one ? one.data : null)).sort();

it("answers own names with the addresses of ready instances, and asks nobody", async () => {
  const answer = await ask("web.blog.internal");
  expect([answer.id, code(answer), data(answer)]).toEqual([4711, "NOERROR", ["198.18.0.1", "198.18.0.2"]]);
  expect([code(await ask("web.blog.internal", "AAAA")), data(await ask("web.blog.internal", "AAAA"))]).toEqual(["NOERROR", []]);
  expect([code(await ask("worker.internal")), data(await ask("worker.internal"))]).toEqual(["NOERROR", []]);
  expect(code(await ask("web.shop.internal"))).toBe("NXDOMAIN");
  expect(asked).toEqual([]);
});

it("hands all other names to the host's resolver, under another id, over UDP and TCP", async () => {
  const answer = await ask("example.com");
  expect([answer.id, data(answer)]).toEqual([4711, ["203.0.113.7"]]);
  for (let i = 0; i < 3; i += 1) await ask("example.com");
  expect(new Set(ids).size).toBeGreaterThan(1);
  const question = packet.streamEncode({ type: "query", id: 9, questions: [{ type: "A", name: "example.org" }] });
  const overTcp = await new Promise<Packet>((resolve) => {
    const socket = connect(server.port, CLIENT, () => socket.write(question));
    socket.on("data", (chunk) => {
      socket.destroy();
      resolve(packet.streamDecode(chunk));
    });
  });
  expect([overTcp.id, data(overTcp)]).toEqual([9, ["203.0.113.7"]]);
  expect(asked.at(-1)).toBe("tcp example.org");
});

it("waits a moment for the table to know who asks: a container asks before control has written it down", async () => {
  write({ clients: [] });
  await table.changed(2_000);
  const answer = ask("web.blog.internal");
  setTimeout(() => write({}), 200);
  expect(data(await answer)).toEqual(["198.18.0.1", "198.18.0.2"]);
});

it("is not ended by what is no question", async () => {
  const socket = createSocket("udp4");
  for (const bytes of ["", "x", "\0".repeat(12), "\xff".repeat(600)]) socket.send(Buffer.from(bytes, "latin1"), server.port, CLIENT);
  expect(data(await ask("web.internal"))).toHaveLength(2);
  socket.close();
  expect(asked).toEqual([]);
});

it("takes the resolvers from resolv.conf as it is now", () => {
  const file = join(directory, "resolv.conf");
  const upstreams = resolversOf(file);
  expect(upstreams()).toEqual([]);
  writeFileSync(file, "search lan\nnameserver 192.0.2.1\nnameserver ::1\n# nameserver 192.0.2.9\n");
  expect(upstreams()).toEqual([
    { address: "192.0.2.1", port: 53 },
    { address: "::1", port: 53 },
  ]);
  writeFileSync(file, "nameserver 192.0.2.2\n");
  expect(upstreams()).toEqual([{ address: "192.0.2.2", port: 53 }]);
});
