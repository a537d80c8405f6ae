import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET, givenApp, givenRouter, givenServer, POST, type Rig, speak, type Upstream } from "./rig.ts";
import { type Case, SMUGGLED, SMUGGLING } from "./smuggling-cases.ts";

const WANTED_CASES = 150;
const WANTED_OF_A_CLASS = 8;

/** What the app counted: the oracle. It reads as leniently as Node can, so that nothing is caught by it instead of by the router. */
let seen: string[] = [];
let app: Upstream;
let rig: Rig;

beforeAll(async () => {
  app = await givenApp(
    (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === "/early") {
        response.end(`answer to ${request.url};`);
        request.resume();
        return;
      }
      request.resume();
      request.on("end", () => response.end(`answer to ${request.url};`));
    },
    (server) => {
      // As --insecure-http-parser; the option of createServer is not reachable behind givenApp.
      (server as unknown as { insecureHTTPParser: boolean }).insecureHTTPParser = true;
    },
  );
  rig = await givenRouter({ limits: { lingerMs: 100, headMs: 500 } });
  rig.route([app.address]);
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});

let canaries = 0;

/** The case and a canary behind it on the same connection; then another canary on the connection to the app that is left. */
async function check({ text, expected }: Case): Promise<void> {
  seen = [];
  const canary = `/canary-${++canaries}`;
  const heard = await speak(rig.port, text + GET(canary, "Connection: close"));
  const statuses = [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  if (expected === "refused") {
    // A broken chunk shows when the app has begun already; nothing behind it may ever be a request.
    expect(seen.filter((line) => line !== "POST /first")).toEqual([]);
    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    expect(heard).not.toContain("answer to");
  } else {
    expect(seen).toEqual([...expected, `GET ${canary}`]);
    expect(statuses).toEqual([...expected.map(() => 200), 200]);
    expect(heard.endsWith(`answer to ${canary};`) || heard.endsWith(`answer to ${canary};\r\n0\r\n\r\n`)).toBe(true);
  }
  seen = [];
  expect(await speak(rig.port, GET(`${canary}-again`, "Connection: close"))).toContain(`answer to ${canary}-again;`);
  expect(seen).toEqual([`GET ${canary}-again`]);
}

for (const [name, cases] of Object.entries(SMUGGLING)) {
  describe(`${name}: refused, or forwarded as one thing only`, () => {
    for (const each of cases) it(`${each.title}`, () => check(each));
  });
}

describe("an app that takes bodies for requests (CL.0)", () => {
  /** Answers every head that it sees, whatever lengths it was told. */
  const bodiless = () =>
    givenServer((socket) => {
      let unread = "";
      socket.on("data", (data) => {
        unread += data.toString("latin1");
        for (let end = unread.indexOf("\r\n\r\n"); end >= 0; end = unread.indexOf("\r\n\r\n")) {
          const path = /^\S+ (\S+)/.exec(unread)?.[1] ?? "";
          unread = unread.slice(end + 4);
          const body = `answer to ${path};`;
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
        }
      });
    });

  it("where no app expects one: no other client ever gets the answer to what was smuggled", async () => {
    await using broken = await bodiless();
    await using own = await givenRouter();
    own.route([broken.address]);
    for (const method of ["GET", "DELETE", "OPTIONS", "REPORT", "PROPFIND", "SEARCH", "LOCK", "QUERY"]) {
      for (const delayed of [false, true]) {
        const attack = POST(SMUGGLED, `Content-Length: ${SMUGGLED.length}`).replace("POST", method);
        // In one piece, or the body when the answer is there already.
        if (delayed) await speak(own.port, attack.slice(0, -SMUGGLED.length), /answer to \/;/);
        else await speak(own.port, attack, /answer to \/;/);
        const answers = await Promise.all([1, 2, 3].map((n) => speak(own.port, GET(`/canary-${n}`, "Connection: close"))));
        expect(answers.map((answer) => /answer to (\S+);/.exec(answer)?.[1])).toEqual(["/canary-1", "/canary-2", "/canary-3"]);
      }
    }
  });
});

it(`there are at least ${WANTED_CASES} cases, and ${WANTED_OF_A_CLASS} of each class`, () => {
  const sizes = Object.values(SMUGGLING).map((cases) => cases.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(WANTED_CASES);
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(WANTED_OF_A_CLASS);
});
