import { expect, test } from "vitest";
import { isLoopback, parseSocketTable, socketName } from "../../../runtime/listening-sockets.ts";

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0000000000000000 100 0 0 10 0
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1 0000000000000000 100 0 0 10 0
   2: 090012C6:1388 010012C6:D431 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0000000000000000 100 0 0 10 0
`;
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1388 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:1388 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000
   3: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

test("Only listening sockets are read, IPv4 in the machine's byte order", () => {
  expect(parseSocketTable(TCP).map(socketName)).toEqual(["127.0.0.1:5000", "0.0.0.0:3000"]);
});

test("IPv6 addresses are shortened, mapped IPv4 is shown as such", () => {
  expect(parseSocketTable(TCP6).map(socketName)).toEqual(["[::]:5000", "[::1]:5000", "127.0.0.1:8080", "[2001:db8::1]:80"]);
});

test("Loopback is told from the rest in both families", () => {
  expect([...parseSocketTable(TCP), ...parseSocketTable(TCP6)].map(isLoopback)).toEqual([true, false, false, true, true, false]);
});
