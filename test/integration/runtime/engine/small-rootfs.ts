/** A root filesystem of a few megabytes out of the host's own files: a shell, coreutils and perl with their libraries. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const PROGRAMS = [
  ..."sh cat chmod chown cp dd echo id ln ls mkdir mount mv ps rm sleep stat stty touch true umount uname"
    .split(" ")
    .map((name) => `/bin/${name}`),
  ..."env head perl setsid tail test tr unshare wc".split(" ").map((name) => `/usr/bin/${name}`),
];

/** Directory as a layer: owners 0 but for /app, which is 1000's. */
export function makeSmallRootfs(directory: string): void {
  for (const path of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "tmp", "app", "root", "proc", "dev", "sys", "run"]) {
    mkdirSync(`${directory}/${path}`, { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, `${directory}/${name}`);
  const libraries = new Set<string>();
  for (const program of PROGRAMS.filter((path) => existsSync(path))) {
    copyInto(directory, program);
    for (const library of librariesOf(program)) libraries.add(library);
  }
  for (const library of libraries) copyInto(directory, library);
  copyPerlBase(directory);
  writeFileSync(`${directory}/etc/passwd`, "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/app:/bin/sh\n");
  writeFileSync(`${directory}/etc/group`, "root:x:0:\napp:x:1000:\n");
  execFileSync("chown", ["1000:1000", `${directory}/app`]);
  execFileSync("chmod", ["1777", `${directory}/tmp`]);
}

function librariesOf(program: string): readonly string[] {
  const text = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...text.matchAll(/(\/\S+)\s+\(0x/g)].map((match) => match[1] ?? "");
}

function copyPerlBase(directory: string): void {
  const bases = execFileSync("perl", ["-e", 'print join "\\n", grep { /perl-base/ } @INC'], { encoding: "utf8" }).split("\n");
  for (const base of bases.filter((path) => path !== "" && existsSync(path))) {
    mkdirSync(directory + dirname(base), { recursive: true });
    execFileSync("cp", ["-a", base, directory + dirname(base)]);
  }
}

/** At its own path and at the path of what it links to. */
function copyInto(directory: string, path: string): void {
  const target = `${directory}${path.replace(/^\/(bin|sbin|lib|lib64)\//, "/usr/$1/")}`;
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) copyFileSync(realpathSync(path), target);
}
