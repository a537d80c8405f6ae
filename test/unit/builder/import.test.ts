import { describe, expect, it } from "vitest";
import { type ImageDocument, layerTitles, readDocument, readManifest } from "../../../builder/import/documents.ts";
import { importedLayerId, unpackScript } from "../../../builder/import/layers.ts";
import { runConfig, runHints, runProcesses } from "../../../builder/import/run-config.ts";
import { parseProcfile } from "../../../core/index.ts";

const DIFF = `sha256:${"ab".repeat(32)}`;
const NO_ACCOUNTS = { passwd: null, group: null };
const ACCOUNTS = {
  passwd: "root:x:0:0:root:/root:/bin/bash\nrunner:x:1234:1235::/home/runner:/bin/sh\n",
  group: "root:x:0:\nstaff:x:50:\n",
};

function document(config: NonNullable<ImageDocument["config"]>): ImageDocument {
  return { config, rootfs: { diff_ids: [DIFF] } };
}

describe("how an image runs", () => {
  it.each([
    ["", 0, 0, "/root"],
    ["runner", 1234, 1235, "/home/runner"],
    ["1234", 1234, 1235, "/home/runner"],
    ["runner:staff", 1234, 50, "/home/runner"],
    ["4000:4001", 4000, 4001, "/"],
    ["4000", 4000, 0, "/"],
  ])("USER %j is uid %i, gid %i, at home in %s", (User, uid, gid, home) => {
    expect(runConfig(document({ User }), ACCOUNTS)).toMatchObject({ uid, gid, env: { HOME: home } });
  });

  it("refuses a user that the image does not have, and ids that a container does not have", () => {
    expect(() => runConfig(document({ User: "ghost" }), ACCOUNTS)).toThrow(/ghost/);
    expect(() => runConfig(document({ User: "runner:ghosts" }), ACCOUNTS)).toThrow(/ghosts/);
    expect(() => runConfig(document({ User: "100000" }), ACCOUNTS)).toThrow(/above 65535/);
    expect(() => runConfig(document({ User: "anybody" }), NO_ACCOUNTS)).toThrow(/anybody/);
  });

  it("takes environment and directory, whatever is in their values", () => {
    const config = runConfig(document({ Env: ["A=b=c", "EMPTY=", "=x", "HOME=/own"], WorkingDir: "/srv" }), NO_ACCOUNTS);
    expect(config).toEqual({ env: { A: "b=c", EMPTY: "", HOME: "/own" }, workingDirectory: "/srv", uid: 0, gid: 0 });
  });

  it("runs ENTRYPOINT and CMD without a shell; a Procfile's commands take their place", () => {
    const image = document({ Entrypoint: ["/bin/app"], Cmd: ["--serve"] });
    expect(runProcesses(image, {}, "Dockerfile")).toEqual({ web: { form: "exec", command: ["/bin/app", "--serve"] } });
    expect(runProcesses(image, parseProcfile("worker: work $N\n"), "Dockerfile")).toEqual({
      web: { form: "exec", command: ["/bin/app", "--serve"] },
      worker: { form: "shell", command: ["work $N"] },
    });
    expect(runProcesses(image, parseProcfile("web: other\n"), "Dockerfile")).toEqual({ web: { form: "shell", command: ["other"] } });
    expect(() => runProcesses(document({}), {}, "Dockerfile")).toThrow(/no CMD and no ENTRYPOINT/);
  });

  it("says what EXPOSE and VOLUME mean here", () => {
    expect(runHints(document({ ExposedPorts: { "80/tcp": {} }, Volumes: { "/data": {} } }))).toHaveLength(2);
    expect(runHints(document({}))).toEqual([]);
  });
});

describe("an image's documents", () => {
  it("name files by digests and nothing else", () => {
    const digest = "sha256:../../etc/shadow";
    expect(() => readManifest({ config: { digest }, layers: [] })).toThrow(/sha256/);
    expect(() => readDocument({ rootfs: { diff_ids: ["../x"] } })).toThrow(/sha256/);
    expect(importedLayerId(DIFF)).toBe("oci-abababababababab");
  });

  it("title layers by their instruction, without the values of build arguments", () => {
    const titles = (created_by: string) =>
      layerTitles({ rootfs: { diff_ids: [DIFF] }, history: [{ created_by: "ENV", empty_layer: true }, { created_by }] });
    expect(titles("/bin/sh -c apt-get update")).toEqual(["RUN apt-get update"]);
    expect(titles("/bin/sh -c #(nop) COPY dir:1 in / ")).toEqual(["COPY dir:1 in /"]);
    expect(titles("|1 TOKEN=secret /bin/sh -c make")).toEqual(["RUN make"]);
    expect(titles("|1 TOKEN=secret make")).toEqual(["layer abababababab"]);
    expect(layerTitles({ rootfs: { diff_ids: [DIFF] }, history: null })).toEqual(["layer abababababab"]);
  });

  it("are unpacked with owners as they are, without devices", () => {
    expect(unpackScript([DIFF])).toContain(`tar -x -f /blobs/${"ab".repeat(32)} -C /layers/0 --numeric-owner --same-owner`);
    expect(unpackScript([DIFF])).toContain("--exclude='dev/*'");
  });
});
