import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.ts";
import { leftovers } from "../../../support/leftovers.ts";
import { ended, type GivenEngine, givenEngine } from "./given-engine.ts";
import { answering, asking } from "./perl-scripts.ts";

let given: GivenEngine;
let other: GivenEngine;
beforeAll(async () => {
  [given, other] = await Promise.all([givenEngine(), givenEngine()]);
});
afterAll(() => Promise.all([given?.end(), other?.end()]));

describe("what is left", () => {
  test("remove leaves nothing of a container, whatever state it is in, and may be asked twice", async () => {
    await given.output("first", "true"); // makes what all containers share
    await eventually("its link is gone", async () => (await objectsOf(given)).every((line) => !line.startsWith("pb")));
    const before = await objectsOf(given);
    mkdirSync(`${given.settings.dataDirectory}/volume-r`);
    const mounts = [{ source: `${given.settings.dataDirectory}/volume-r`, target: "/data", readOnly: false, mapOwners: true }];
    await given.engine.start(given.spec("running", ["sleep", "600"], { mounts }));
    await given.engine.start(given.spec("ended", ["true"], { mounts }));
    await ended(given.engine, "ended");
    expect(await objectsOf(given)).not.toEqual(before);
    for (const id of ["running", "ended", "never-was", "running"]) await given.engine.remove(id);
    await eventually("the links are gone", async () => (await objectsOf(given)).every((line) => !line.startsWith("pb")));
    expect(await objectsOf(given)).toEqual(before);
  });

  test("teardown leaves nothing of a platform, and takes nothing of another", async () => {
    const gone = await givenEngine();
    await Promise.all([1, 2, 3].map((number) => gone.engine.start(gone.spec(`gone-${number}`, ["sleep", "600"]))));
    const stays = await other.engine.start(other.spec("stays", answering(5000, "still here")));
    await gone.end();
    expect(await leftovers(gone.settings)).toEqual([]);
    expect(
      readdirSync("/run/pushboat/reservations").map((name) => readFileSync(`/run/pushboat/reservations/${name}`, "utf8")),
    ).not.toContain(gone.settings.dataDirectory);
    expect(existsSync(`/proc/${stays.pid}`)).toBe(true);
    expect(execFileSync("sh", ["-c", asking(stays.ip ?? "", 5000)], { encoding: "utf8" })).toBe("still here\n");
    await other.engine.remove("stays");
  });

  test("two platforms at once have different addresses and users, and do not reach each other", async () => {
    const mine = await given.engine.start(given.spec("same-id", answering(5000, "mine")));
    const theirs = await other.engine.start(other.spec("same-id", ["sleep", "600"]));
    const uid = (pid: number) => statSync(`/proc/${pid}`).uid;
    expect(mine.ip).not.toBe(theirs.ip);
    expect(uid(mine.pid)).not.toBe(uid(theirs.pid));
    expect(await other.output("crosses", asking(mine.ip ?? "", 5000))).toBe("closed\n");
    await given.engine.remove("same-id");
    expect(existsSync(`/proc/${theirs.pid}`)).toBe(true);
    await other.engine.remove("same-id");
  });

  test("a platform gets its index again, and owners on disk are those inside", async () => {
    const volume = `${given.settings.dataDirectory}/volume`;
    mkdirSync(volume);
    chownSync(volume, 1000, 1000);
    const index = readFileSync(`${given.settings.dataDirectory}/platform-index`, "utf8");
    const mounts = [{ source: volume, target: "/var/data", readOnly: false, mapOwners: true }];
    expect(await given.output("writes", "echo kept > /var/data/file; stat -c %u:%g /var/data/file /var/data", { mounts, slot: 4 })).toBe(
      "1000:1000\n1000:1000\n",
    );
    expect(statSync(`${volume}/file`)).toMatchObject({ uid: 1000, gid: 1000 });
    await given.engine.teardown();
    const next = given.again();
    await next.prepare();
    expect(readFileSync(`${given.settings.dataDirectory}/platform-index`, "utf8")).toBe(index);
    await next.close();
    expect(await given.engine.prepare()).toBeUndefined();
    expect(
      await given.output("reads", "cat /var/data/file; echo more >> /var/data/file && cat /var/data/file", { mounts, slot: 900 }),
    ).toBe("kept\nkept\nmore\n");
  });

  test("a read-only mount cannot be written, and one file can be mounted", async () => {
    const file = `${given.settings.dataDirectory}/one-file`;
    writeFileSync(file, "content\n");
    const mounts = [
      { source: file, target: "/etc/one", readOnly: true, mapOwners: true },
      { source: given.rootfs, target: "/deep/new/place", readOnly: true, mapOwners: false },
    ];
    const text = await given.output(
      "mounts",
      "cat /etc/one; echo x > /etc/one || echo refused; ls -d /deep/new/place/usr; touch /deep/new/place/x || echo refused",
      {
        mounts,
        uid: 0,
        gid: 0,
      },
    );
    expect(text.match(/^refused$/gm)).toHaveLength(2);
    expect(text).toContain("content\n");
    expect(text).toContain("/deep/new/place/usr\n");
  });
});

/** Everything of the platform that the kernel or the run directory knows. */
async function objectsOf({ settings }: GivenEngine): Promise<readonly string[]> {
  const prefix = `pb${readFileSync(`${settings.dataDirectory}/platform-index`, "utf8")}-`;
  const found = await leftovers(settings);
  const files = readdirSync(settings.runDirectory, { recursive: true, encoding: "utf8" }).map((name) => `file ${name}`);
  const links = readdirSync("/sys/class/net").filter((name) => name.startsWith(prefix));
  const scratch = readdirSync(`${settings.dataDirectory}/scratch`).map((name) => `scratch ${name}`);
  const conmons = found.filter((line) => !line.includes("vitest"));
  return [...conmons, ...files, ...links, ...scratch].filter((line) => !line.endsWith("address-cursor")).sort();
}
