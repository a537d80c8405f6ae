import { describe, expect, test } from "vitest";
import { applySizes, type BranchName, defaultSize, formatBytes, parseBytes, parseScaleChange, readManifest } from "../../../core/index.ts";

const [MB, GB] = [1024 ** 2, 1024 ** 3];

describe("amounts", () => {
  test.each([
    ["512mb", 512 * MB],
    ["512M", 512 * MB],
    ["1gb", GB],
    ["1.5GiB", 1.5 * GB],
    ["1048576", MB],
    ["", null],
    ["1 gb", null],
    ["-1gb", null],
    ["gb", null],
  ])("%j is %s bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test("are shown as they would be typed", () => {
    expect([256 * MB, GB, 1.5 * GB].map(formatBytes)).toEqual(["256 MB", "1 GB", "1.5 GB"]);
  });
});

describe("default sizes", () => {
  test("are 512 MB on a machine of 4 GB and more, and an eighth of a smaller one", () => {
    const memory = (machine: number) => defaultSize({ memoryBytes: machine, diskBytes: 1000 * GB }, "production").memoryBytes / MB;
    expect([64 * GB, 4 * GB, 2 * GB, GB, 512 * MB].map(memory)).toEqual([512, 512, 256, 128, 128]);
  });

  test("of a branch have half the memory", () => {
    expect(defaultSize({ memoryBytes: 64 * GB, diskBytes: 1000 * GB }, "branch").memoryBytes).toBe(256 * MB);
  });

  test("let one instance write a fiftieth of the disk, at most 1 GB", () => {
    const disk = (total: number) => defaultSize({ memoryBytes: GB, diskBytes: total }, "production").diskBytes / MB;
    expect([1000 * GB, 20 * GB, GB].map(disk)).toEqual([1024, 400, 128]);
  });
});

describe("files and strategy in pushboat.yml", () => {
  const web = (yml: string) => readManifest({ appJson: null, pushboatYml: `processes: { web: { ${yml} } }` }, null).processes?.["web"];

  test("are read", () => {
    expect(web('strategy: replace, read-only: true, tmpfs: [/tmp, "/var/cache:16mb"]')).toEqual({
      strategy: "replace",
      readOnly: true,
      tmpfs: [
        { target: "/tmp", bytes: 64 * MB },
        { target: "/var/cache", bytes: 16 * MB },
      ],
    });
  });

  test.each(["tmpfs: [/proc]", "tmpfs: [tmp]", "tmpfs: [/a/../etc]", 'tmpfs: ["/tmp:big"]', "tmpfs: [/usr/lib]", "strategy: both"])(
    "%s is refused with its path",
    (yml) => {
      expect(() => web(yml)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^pushboat\.yml: processes\/web\/(tmpfs\/0|strategy): /) }),
      );
    },
  );
});

describe("sizes in files", () => {
  const sizes = (appJson: object | null, yml: string | null, branch: BranchName | null = null) => {
    const manifest = readManifest({ appJson: appJson === null ? null : JSON.stringify(appJson), pushboatYml: yml }, branch);
    return { formation: manifest.formation, web: manifest.processes?.["web"]?.size };
  };

  test("come from app.json's formation, with Heroku's names or amounts", () => {
    expect(sizes({ formation: { web: { quantity: 2, size: "Standard-2X" } } }, null)).toEqual({
      formation: { web: 2 },
      web: { memoryBytes: GB },
    });
    expect(sizes({ formation: { web: { size: "300mb" } } }, null).web).toEqual({ memoryBytes: 300 * MB });
  });

  test("come from pushboat.yml, as memory or in parts, which win over app.json's", () => {
    const yml =
      "processes:\n  web:\n    quantity: 3\n    size: { memory: 1gb, cpu: 1.5, swap: 256mb, pids: 64, files: 1024, disk: 2gb, io-weight: 100 }\n";
    expect(sizes({ formation: { web: { quantity: 2, size: "basic" } } }, yml)).toEqual({
      formation: { web: 3 },
      web: { memoryBytes: GB, cpus: 1.5, swapBytes: 256 * MB, pids: 64, openFiles: 1024, diskBytes: 2 * GB, ioWeight: 100 },
    });
    expect(sizes(null, "processes: { web: { size: 1gb } }").web).toEqual({ memoryBytes: GB });
  });

  test("of a branch's section win there, and nowhere else", () => {
    const yml = 'processes: { web: { quantity: 3, size: 1gb } }\nenvironments: { "qa*": { formation: { web: "1:128mb", worker: 2 } } }\n';
    expect(sizes(null, yml, "qa-1" as BranchName)).toEqual({ formation: { web: 1, worker: 2 }, web: { memoryBytes: 128 * MB } });
    expect(sizes(null, yml)).toEqual({ formation: { web: 3 }, web: { memoryBytes: GB } });
  });

  test.each([
    ["processes: { web: { size: lots } }", "processes/web/size/memory: must be memory"],
    ["processes: { web: { size: { memory: 1mb } } }", "processes/web/size/memory: must be memory"],
    ["processes: { web: { size: { disk: big } } }", "processes/web/size/disk: must be an amount"],
    ["processes: { web: { size: { ram: 1gb } } }", '"ram" is not known here'],
    ["processes: { web: { size: { cpu: 0 } } }", "processes/web/size/cpu: "],
    ['environments: { "*": { formation: { web: "two" } } }', "environments/*/formation/web: must be 0 to 100"],
  ])("%s is refused with its path", (yml, message) => {
    expect(() => readManifest({ appJson: null, pushboatYml: yml }, null)).toThrow(
      expect.objectContaining({ code: "manifest/pushboat-yml", message: expect.stringContaining(message) }),
    );
  });

  test("a size in app.json that nobody knows is refused with its path", () => {
    expect(() => sizes({ formation: { web: { size: "huge" } } }, null)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("formation/web/size: must be memory") }),
    );
  });
});

test("a size that was given by hand stays until another is given, or default", () => {
  const after = (...words: string[]) => applySizes({ web: GB }, words.map(parseScaleChange));
  expect(after("web=3")).toEqual({ web: GB });
  expect(after("web=3:2gb", "worker=1:64mb")).toEqual({ web: 2 * GB, worker: 64 * MB });
  expect(after("web=3:default")).toEqual({});
});
