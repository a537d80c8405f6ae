import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Deps } from "../../../control/deps.ts";
import { createDrainActions } from "../../../control/drain-actions.ts";
import { createDrains, type Drains } from "../../../control/drains/drains.ts";
import { openStore } from "../../../control/store/index.ts";
import { issueCertificate, makeAuthority } from "../../../control/tls/local-authority.ts";
import { parseAppName, parseEnvironmentName, parseSettings } from "../../../core/index.ts";
import { createLogs, type Logs } from "../../../runtime/logs/index.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts } from "../../support/free-ports.ts";

const blog = parseAppName("blog");
const production = parseEnvironmentName("blog").name;
const actor = { identity: { name: "alice", via: "ssh", from: "198.51.100.7", role: "admin" }, onEvent: () => undefined } as never;

let directory: string;
let rsyslog: ChildProcess | null = null;
let recorder: Server;
let ports: { syslog: number; https: number };
let store: ReturnType<typeof openStore>;
let logs: Logs;
let drains: Drains;
let actions: ReturnType<typeof createDrainActions>;
const posts: { headers: IncomingHttpHeaders; lines: { time: string; environment: string; source: string; text: string }[] }[] = [];
let answer = 200;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "drains-"));
  const authority = makeAuthority("log services", Date.now());
  const pair = issueCertificate(authority, "localhost", Date.now());
  setDefaultCACertificates([...getCACertificates("default"), authority.certificate]);
  for (const [name, content] of Object.entries({ "ca.pem": authority.certificate, "cert.pem": pair.certificate, "key.pem": pair.key }))
    writeFileSync(join(directory, name), content);
  const [syslog, https] = (await freePorts(2)) as [number, number];
  ports = { syslog, https };
  recorder = createServer({ cert: pair.certificate, key: pair.key }, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      if (answer === 200) posts.push({ headers: request.headers, lines: JSON.parse(body) });
      response.writeHead(answer).end();
    });
  }).listen(https, "127.0.0.1");
  store = openStore(directory);
  store.apps.createApp(blog, Date.now());
  logs = createLogs({ settings: { dataDirectory: directory }, now: Date.now, reopen: async () => undefined, complain: () => undefined });
  startControl();
});

afterAll(() => {
  drains.close();
  logs.close();
  store.close();
  rsyslog?.kill();
  recorder.close();
  recorder.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

/** As a control makes them at its start. */
function startControl(): void {
  const settings = parseSettings({ PUSHBOAT_DATA: directory, PUSHBOAT_DOMAIN: "paas.example" });
  const runtime = { logs: (query: Parameters<Logs["query"]>[0]) => logs.query(query) } as Deps["runtime"];
  drains = createDrains({ store, settings, runtime, log: pino({ enabled: false }) });
  actions = createDrainActions({ store, now: Date.now }, drains);
  drains.start();
}

/** Debian's, which judges frames and messages by the RFCs; what it understood is written field by field. */
function startRsyslog(): void {
  const file = (name: string) => join(directory, name);
  writeFileSync(
    file("rsyslog.conf"),
    `global(workDirectory="${directory}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${file("ca.pem")}"
  defaultNetstreamDriverCertFile="${file("cert.pem")}" defaultNetstreamDriverKeyFile="${file("key.pem")}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="fields" type="string" string="%protocol-version%|%timestamp:::date-rfc3339%|%hostname%|%app-name%|%procid%|%msgid%|%pri%|%msg%\\n")
input(type="imtcp" address="127.0.0.1" port="${ports.syslog}")
action(type="omfile" file="${file("received")}" template="fields")
`,
  );
  rsyslog = spawn("rsyslogd", ["-n", "-f", file("rsyslog.conf"), "-i", file("rsyslog.pid")], { stdio: "ignore" });
}

const received = () => (existsSync(join(directory, "received")) ? readFileSync(join(directory, "received"), "utf8").split("\n") : []);
const heard = () => posts.flatMap(({ lines }) => lines);
const say = (text: string) => logs.write(production, "pushboat[api]", text);

describe("log drains", () => {
  it("send an app's lines to rsyslog over TLS and as JSON over HTTPS, from when they were added, and count them", async () => {
    say("before");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const syslog = await actions.addDrain(blog, `syslog+tls://localhost:${ports.syslog}`, actor);
    const https = await actions.addDrain(blog, `https://user:secret@localhost:${ports.https}/in?token=t0p`, actor);
    expect([syslog.url, https.url]).toEqual([
      `syslog+tls://localhost:${ports.syslog}`,
      `https://user:***@localhost:${ports.https}/in?token=***`,
    ]);
    say("hello wörld");
    await eventually("it says that nobody listens", async () => (await actions.drains(blog))[0]?.error === "ECONNREFUSED");
    startRsyslog();
    const line = await eventually("the line arrives at rsyslog", async () => received().find((each) => each.includes("hello")));
    expect(line).toMatch(/^1\|20\d\d-\d\d-\d\dT[\d:.]+\+00:00\|paas\.example\|blog\|api\|pushboat\|14\|hello wörld$/);
    await eventually("and over HTTPS", async () => heard().length > 0);
    expect(heard()).toEqual([{ time: expect.any(String), environment: "blog", source: "pushboat[api]", text: "hello wörld" }]);
    expect(posts[0]?.headers.authorization).toBe(`Basic ${Buffer.from("user:secret").toString("base64")}`);
    for (const drain of await actions.drains(blog)) expect(drain).toMatchObject({ sent: 1, lost: 0, waiting: 0, error: null });
    expect(readFileSync(join(directory, "state.db")).includes("secret")).toBe(false);
  });

  it("try again what did not arrive, over a restart of control too, and send nothing twice", async () => {
    answer = 503;
    say("while it is away");
    await eventually("the failure is shown", async () => (await actions.drains(blog))[1]?.error === "503 Service Unavailable");
    expect((await actions.drains(blog))[1]).toMatchObject({ waiting: 1 });
    drains.close();
    say("while nobody follows");
    answer = 200;
    startControl();
    await eventually("both arrive", async () => heard().length === 3);
    expect(heard().map(({ text }) => text)).toEqual(["hello wörld", "while it is away", "while nobody follows"]);
    await eventually("rsyslog has them too", async () => received().filter((each) => each !== "").length === 3);
    expect((await actions.drains(blog)).map(({ sent, error }) => [sent, error])).toEqual([
      [3, null],
      [3, null],
    ]);
  });

  it("count what did not fit while they were not reached", async () => {
    answer = 500;
    for (let count = 0; count < 12_000; count += 1) say(`line ${count}`);
    const shown = await eventually("lines are lost", async () => {
      const drain = (await actions.drains(blog))[1];
      return drain !== undefined && drain.lost > 0 && drain.waiting + drain.lost === 12_000 ? drain : null;
    });
    answer = 200;
    const arrived = await eventually("the others arrive", async () => {
      const drain = (await actions.drains(blog))[1];
      return drain?.waiting === 0 ? drain : null;
    });
    expect(arrived.sent + arrived.lost).toBe(12_003);
    expect(arrived.lost).toBe(shown.lost);
    expect(heard().at(-1)?.text).toBe("line 11999");
  });

  it("are let go by drains:remove", async () => {
    await actions.removeDrain(1, actor);
    await expect(actions.removeDrain(1, actor)).rejects.toThrow(/there is no drain 1/);
    say("after the end");
    await eventually("the other one has it", async () => heard().at(-1)?.text === "after the end");
    expect(received().join("\n")).not.toContain("after the end");
  });
});
