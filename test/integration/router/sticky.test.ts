import { describe, expect, it } from "vitest";
import { closedAddress, GET, givenApp, givenRouter, speak } from "./rig.ts";

const END = /(one|two)$/;
const KEY = "ab".repeat(32);
const cookieIn = (answer: string) => /\r\nSet-Cookie: (pushboat-instance=[\w-]{22}); ([^\r]*)\r\n/.exec(answer);
const bodyOf = (answer: string) => END.exec(answer)?.[1];

describe("sticky sessions", () => {
  it("bring a visitor back to the instance that answered first; without the cookie both take their turns", async () => {
    await using one = await givenApp((_, response) => response.end("one"));
    await using two = await givenApp((_, response) => response.end("two"));
    await using rig = await givenRouter();
    rig.route([one.address, two.address], { stickyKey: KEY });
    const seen = new Set<string | undefined>();
    for (let visitor = 0; visitor < 20; visitor++) {
      const first = await speak(rig.port, GET("/"), END);
      const [, cookie = "", attributes] = cookieIn(first) ?? [];
      expect(attributes).toBe("Path=/; HttpOnly; SameSite=Lax");
      expect(cookie).not.toContain(one.address);
      seen.add(bodyOf(first));
      for (let visit = 0; visit < 5; visit++) {
        const again = await speak(rig.port, GET("/", `Cookie: a=b; ${cookie}; c=d`), END);
        expect(bodyOf(again)).toBe(bodyOf(first));
        expect(cookieIn(again)).toBeNull();
      }
    }
    expect(seen).toEqual(new Set(["one", "two"]));
  });

  it("go on with another instance and its cookie when theirs is gone, cannot be reached, or was made up", async () => {
    await using one = await givenApp((_, response) => response.end("one"));
    await using two = await givenApp((_, response) => response.end("two"));
    await using rig = await givenRouter();
    rig.route([one.address], { stickyKey: KEY });
    const [, cookie = ""] = cookieIn(await speak(rig.port, GET("/"), END)) ?? [];
    rig.route([two.address], { stickyKey: KEY });
    const moved = await speak(rig.port, GET("/", `Cookie: ${cookie}`), END);
    expect(bodyOf(moved)).toBe("two");
    expect(cookieIn(moved)?.[1]).toMatch(/^pushboat-instance=/);
    expect(cookieIn(moved)?.[1]).not.toBe(cookie);
    const invented = await speak(rig.port, GET("/", `Cookie: pushboat-instance=${"A".repeat(22)}`), END);
    expect(cookieIn(invented)?.[1]).toBe(cookieIn(moved)?.[1]);
    // In the table still, but nobody listens there: the request is answered all the same.
    const closed = await closedAddress();
    rig.route([closed], { stickyKey: KEY });
    rig.route([closed, two.address], { stickyKey: KEY });
    for (let visit = 0; visit < 10; visit++) expect(bodyOf(await speak(rig.port, GET("/"), END))).toBe("two");
  });

  it("are Secure for visitors over HTTPS, and only there where they are wanted", async () => {
    await using one = await givenApp((_, response) => response.end("one"));
    await using rig = await givenRouter({ trustedProxies: ["127.0.0.1"] });
    rig.route([one.address], { stickyKey: KEY });
    expect(cookieIn(await speak(rig.port, GET("/", "X-Forwarded-Proto: https"), END))?.[2]).toBe("Path=/; HttpOnly; SameSite=Lax; Secure");
    rig.route([one.address]);
    expect(cookieIn(await speak(rig.port, GET("/"), END))).toBeNull();
  });
});
