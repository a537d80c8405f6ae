import { describe, expect, it } from "vitest";
import { PushboatError, parseProcfile } from "../../../core/index.ts";

function refusal(text: string): readonly [string, string] {
  try {
    parseProcfile(text);
  } catch (error) {
    if (error instanceof PushboatError) return [error.code, error.message];
  }
  return ["none", "it was accepted"];
}

describe("a Procfile", () => {
  it("gives each process type a shell command, in any order", () => {
    expect(parseProcfile("web: node server.js --port $PORT\nworker: node worker.js\nrelease:npm run migrate")).toEqual({
      web: { form: "shell", command: ["node server.js --port $PORT"] },
      worker: { form: "shell", command: ["node worker.js"] },
      release: { form: "shell", command: ["npm run migrate"] },
    });
  });

  it("may have Windows line ends, comments, blank lines and a byte order mark", () => {
    expect(Object.keys(parseProcfile("\uFEFF# what runs\r\n\r\nweb: node a.js\r\n  # more\r\nclock_1: node b.js\r\n"))).toEqual([
      "web",
      "clock_1",
    ]);
  });

  it("keeps colons and # of the command", () => {
    expect(parseProcfile("web: node a.js --url http://x:1/#a")["web" as never]).toEqual({
      form: "shell",
      command: ["node a.js --url http://x:1/#a"],
    });
  });

  it("names both lines of a duplicate type", () => {
    expect(refusal("web: a\nworker: b\n\nweb: c")).toEqual(["procfile/duplicate", "Procfile: web stands in line 1 and again in line 4"]);
  });

  it("names the line of an invalid type, of a line without a colon, and of an empty command", () => {
    expect(refusal("web: a\nWeb Server: b")).toEqual(["procfile/type", 'Procfile line 2: "Web Server" is not a process type']);
    expect(refusal("# x\nnode server.js")).toEqual(["procfile/line", 'Procfile line 2: "node server.js" is not "type: command"']);
    expect(refusal("web:   ")).toEqual(["procfile/empty-command", "Procfile line 1: web has no command"]);
  });

  it("cannot name a type that objects have anyway", () => {
    expect(parseProcfile("constructor: a")).toEqual({ constructor: { form: "shell", command: ["a"] } });
    expect(Object.hasOwn(parseProcfile("__proto__: a"), "__proto__")).toBe(true);
  });
});
