/** A bare git-receive-pack behind ssh2: the least that a push over SSH can cost. Run as a process of its own, like control is. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import ssh2 from "ssh2";

const [repository, hostKeyFile] = process.argv.slice(2);
if (repository === undefined || hostKeyFile === undefined) throw new Error("usage: ssh-git-server.ts REPOSITORY HOST_KEY");

const server = new ssh2.Server({ hostKeys: [readFileSync(hostKeyFile)], algorithms: { cipher: ["aes128-gcm@openssh.com", "aes128-ctr"] } });
server.on("connection", (client) => {
  client.on("error", () => {});
  // Without it Nagle and delayed acknowledgements cost 44 ms for each of six round trips (measured).
  (client as typeof client & { setNoDelay(on: boolean): void }).setNoDelay(true);
  // The floor lets in who asks: checking a signature is what the client proves anyway.
  client.on("authentication", (context) => (context.method === "publickey" ? context.accept() : context.reject(["publickey"])));
  client.on("session", (acceptSession) => {
    acceptSession().on("exec", (acceptExec) => {
      const channel = acceptExec();
      const child = spawn("git-receive-pack", [repository], { stdio: ["pipe", "pipe", "pipe"] });
      channel.pipe(child.stdin);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code) => {
        channel.exit(code ?? 1);
        channel.end();
      });
    });
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
