import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { encodePacket, FLUSH, PacketParser, readPackets, readSection } from "../../../receiver/git/pkt-line.ts";

describe("git's packets", () => {
  test("carry their length in bytes, themselves included", () => {
    expect(encodePacket("hello\n").toString()).toBe("000ahello\n");
    expect(encodePacket("µ").toString("latin1").slice(0, 4)).toBe("0006");
    expect(encodePacket("").toString()).toBe("0004");
  });

  test("are read wherever the chunks end", () => {
    const stream = Buffer.concat([encodePacket("one"), encodePacket(""), FLUSH, encodePacket("zwei µ")]);
    for (let size = 1; size <= stream.length; size += 1) {
      const parser = new PacketParser();
      const packets = [];
      for (let at = 0; at < stream.length; at += size) packets.push(...parser.push(stream.subarray(at, at + size)));
      expect(packets.map((packet) => (packet.kind === "flush" ? null : packet.payload.toString()))).toEqual(["one", "", null, "zwei µ"]);
    }
  });

  test.each(["0001", "0003", "zzzz", "-001", "    "])("%j is no packet", (text) => {
    expect(() => new PacketParser().push(Buffer.from(text))).toThrow("not git's packet format");
  });

  test("over 65,535 bytes are not made", () => {
    expect(() => encodePacket("x".repeat(65_532))).toThrow("too long");
  });

  test("come in sections; null where the stream ends before the flush", async () => {
    const packets = readPackets(Readable.from([encodePacket("a\n"), encodePacket("b"), FLUSH, FLUSH, encodePacket("c")]));
    expect(await readSection(packets)).toEqual(["a", "b"]);
    expect(await readSection(packets)).toEqual([]);
    expect(await readSection(packets)).toBeNull();
  });
});
