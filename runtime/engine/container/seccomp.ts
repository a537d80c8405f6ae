/** Which system calls a container may make, as runc's `linux.seccomp`. Pure; the lists are in seccomp-profile.json. */
import profile from "./seccomp-profile.json" with { type: "json" };

type Architecture = "x64" | "arm64";

const EPERM = 1;
const ENOSYS = 38;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET: a new namespace gives capabilities in it. */
const CLONE_NAMESPACES = 0x7e02_0000;
/** What a builder of containers needs beside clone; CAP_SYS_ADMIN in its own user namespace says on what. */
const NESTING_CALLS = ["chroot", "mount", "umount", "umount2", "unshare", "setns", "pivot_root", "sethostname", "setdomainname"];
/** Execution domains that change nothing about safety: 0, Linux32, UNAME26, and the question (0xffffffff). */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

/**
 * Only the machine's own calls: 32-bit and x32 ones end the process (libseccomp's answer to a foreign architecture), since
 * i386's socketcall would go around the address families. Unknown calls do not exist (ENOSYS), so that programs fall back.
 */
export function seccompProfile(architecture: Architecture, nests = false): object {
  const refused = profile.refused.filter((name) => !(nests && NESTING_CALLS.includes(name)));
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: [architecture === "x64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"],
    syscalls: [
      { names: [...profile.allowed, ...profile.allowedOnly[architecture]], action: "SCMP_ACT_ALLOW" },
      { names: refused, action: "SCMP_ACT_ERRNO", errnoRet: EPERM },
      // clone3's flags are behind a pointer; without it libc uses clone, whose flags can be looked at
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
      nests
        ? { names: ["clone", ...NESTING_CALLS], action: "SCMP_ACT_ALLOW" }
        : allowWhen("clone", { index: 0, value: CLONE_NAMESPACES, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }),
      ...[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].map((family) => allowWhen("socket", { index: 0, value: family, op: "SCMP_CMP_EQ" })),
      ...PERSONALITIES.map((domain) => allowWhen("personality", { index: 0, value: domain, op: "SCMP_CMP_EQ" })),
    ],
  };
}

function allowWhen(name: string, argument: object): object {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [argument] };
}
