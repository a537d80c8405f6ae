/** What a reboot leaves of a platform: its data directory. No process, no tmpfs, no kernel object survives. */
import { readFileSync } from "node:fs";
import { run } from "./command.ts";
import type { Platform } from "./platform.ts";

export async function reboot(platform: Platform): Promise<void> {
  const script = `
    set +e
    processes() { for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -qE "$1" && basename $p; done; }
    id=${platform.platformId}; data=${platform.dataDirectory}
    for round in 1 2 3; do
      for p in $(processes "$id|$data"); do [ $p != $$ ] && kill -9 $p 2>/dev/null; done
      for f in ${platform.runDirectory}/processes/*; do kill -9 $(cut -d' ' -f1 $f) 2>/dev/null; done
      sleep 0.1
    done
    for g in $(find /sys/fs/cgroup -depth -type d -path "*$id*"); do
      for p in $(cat $g/cgroup.procs 2>/dev/null); do kill -9 $p 2>/dev/null; done
    done
    sleep 0.3
    for g in $(find /sys/fs/cgroup -depth -type d -path "*$id*"); do rmdir $g; done
    for round in 1 2 3; do grep -E "$id|$data" /proc/self/mountinfo | cut -d' ' -f5 | sort -r | xargs -r -n1 umount -l; done
    for n in $(ls /run/netns | grep "$id"); do ip netns del $n; done
    for l in $(ip -o link | grep -o "[a-z0-9-]*$id[a-z0-9-]*" | sort -u); do ip link del $l; done
    nft list tables | grep "$id" | while read t; do nft delete $t; done
    rm -rf ${platform.runDirectory}
  `;
  await run(["bash", "-c", script]);
  if (readFileSync("/proc/self/mountinfo", "utf8").includes(platform.platformId)) throw new Error("mounts survived the reboot");
}
