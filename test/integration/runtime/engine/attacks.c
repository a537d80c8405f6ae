/* Tries to leave a container: one line for each attempt, "NAME through" or "NAME refused REASON". Argument: a process of the host.
   Nothing here has an effect when it gets through: invalid arguments, the same value, an open without a write. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long victim;
static char node[64];

static long namespaced(long flags) {
  long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  return pid;
}
static long clone3_user(void) {
  uint64_t arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
  long pid = syscall(SYS_clone3, arguments, sizeof arguments);
  if (pid == 0) _exit(0);
  return pid;
}
static long enter_namespace(void) { return syscall(SYS_setns, open("/proc/self/ns/uts", O_RDONLY), 0); }
static long same_hostname(void) {
  char name[65];
  gethostname(name, sizeof name);
  return sethostname(name, strlen(name));
}
static long attach(void) {
  long result = ptrace(PTRACE_ATTACH, victim, 0, 0);
  if (result == 0) {
    waitpid(victim, 0, __WALL);
    ptrace(PTRACE_DETACH, victim, 0, 0);
  }
  return result;
}
static long read_memory(void) {
  char byte;
  struct iovec here = {&byte, 1}, there = {0, 1};
  return process_vm_readv(victim, &here, 1, &there, 1, 0);
}
static long open_of_victim(const char *file) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/%s", victim, file);
  return open(path, O_RDONLY);
}
static long has_bytes(const char *path) {
  char byte;
  int file = open(path, O_RDONLY);
  if (file < 0) return -1;
  if (read(file, &byte, 1) == 1) return 0;
  errno = ENODATA;
  return -1;
}
static long cgroup_procs(void) {
  int file = open("/sys/fs/cgroup/memory/cgroup.procs", O_WRONLY);
  return file >= 0 || errno != ENOENT ? file : open("/sys/fs/cgroup/cgroup.procs", O_WRONLY);
}
static long device(mode_t kind, dev_t number) {
  long result = mknod(node, kind | 0600, number);
  unlink(node);
  return result;
}
static long option(int level, int name) {
  int one = 1;
  return setsockopt(socket(AF_INET, SOCK_STREAM, 0), level, name, &one, sizeof one);
}
static long same_flags(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int plug = socket(AF_INET, SOCK_DGRAM, 0);
  if (ioctl(plug, SIOCGIFFLAGS, &request) < 0) return -1;
  return ioctl(plug, SIOCSIFFLAGS, &request);
}
static long bpf_map(void) {
  union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}
static long perf(void) {
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};
  return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
}
static long shocker(void) {
  struct { struct file_handle head; char bytes[128]; } handle = {.head.handle_bytes = 128};
  int mount, root = open("/tmp", O_RDONLY);
  if (name_to_handle_at(AT_FDCWD, "/tmp", &handle.head, &mount, 0) < 0) return -1;
  return open_by_handle_at(root, &handle.head, O_RDONLY);
}
static long bad_time(void) { struct timeval t = {0, -1}; return syscall(SYS_settimeofday, &t, 0); }
static long bad_clock(void) { struct timespec t = {0, -1}; return syscall(SYS_clock_settime, CLOCK_REALTIME, &t); }
static long bad_tick(void) { struct timex t = {.modes = ADJ_TICK, .tick = 1}; return syscall(SYS_adjtimex, &t); }
static long io_ring(void) { char parameters[120] = {0}; return syscall(SYS_io_uring_setup, 1, parameters); }
static long same_attributes(void) { uint64_t attributes[4] = {0}; return syscall(442, AT_FDCWD, "/proc", 0, attributes, sizeof attributes); }
static long type_into_terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return -1;
  return ioctl(open(ptsname(master), O_RDWR | O_NOCTTY), TIOCSTI, "x");
}
static long in_bounding_set(int capability) {
  if (prctl(PR_CAPBSET_READ, capability) == 1) return 0;
  errno = EPERM;
  return -1;
}
static long fifo(void) { struct sched_param p = {1}; return sched_setscheduler(0, SCHED_FIFO, &p); }
static long ia32(void) {
  long result = -1;
#ifdef __x86_64__
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
#endif
  return result;
}

/* name, what is tried, the error that also means it got through (0: it has to succeed) */
#define ATTEMPTS \
  A("mount a tmpfs", mount("none", "/tmp", "tmpfs", 0, 0), 0) \
  A("mount a cgroup hierarchy (release_agent)", mount("none", "/tmp", "cgroup2", 0, 0), 0) \
  A("mount a proc", mount("none", "/tmp", "proc", 0, 0), 0) \
  A("bind mount", mount("/", "/tmp", 0, MS_BIND, 0), 0) \
  A("remount", mount("none", "/proc", 0, MS_REMOUNT | MS_BIND, 0), 0) \
  A("unmount /proc", umount2("/proc", MNT_DETACH), 0) \
  A("fsopen", syscall(SYS_fsopen, "tmpfs", 0), 0) \
  A("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1), 0) \
  A("move_mount", syscall(SYS_move_mount, -1, "/none", -1, "/none", 0), ENOENT) \
  A("mount_setattr", same_attributes(), 0) \
  A("pivot_root", syscall(SYS_pivot_root, "/none", "/none"), ENOENT) \
  A("chroot", chroot("/"), 0) \
  A("unshare a user namespace", unshare(CLONE_NEWUSER), 0) \
  A("unshare a mount namespace", unshare(CLONE_NEWNS), 0) \
  A("unshare a process namespace", unshare(CLONE_NEWPID), 0) \
  A("unshare a network namespace", unshare(CLONE_NEWNET), 0) \
  A("unshare an ipc namespace", unshare(CLONE_NEWIPC), 0) \
  A("unshare a name namespace", unshare(CLONE_NEWUTS), 0) \
  A("unshare a cgroup namespace", unshare(CLONE_NEWCGROUP), 0) \
  A("clone into a user namespace", namespaced(CLONE_NEWUSER), 0) \
  A("clone into a network namespace", namespaced(CLONE_NEWNET), 0) \
  A("clone3 into a user namespace", clone3_user(), 0) \
  A("setns", enter_namespace(), 0) \
  A("set the host name", same_hostname(), 0) \
  A("ptrace a process of the host", attach(), 0) \
  A("read the memory of a process of the host", read_memory(), EFAULT) \
  A("signal a process of the host", kill(victim, 0), 0) \
  A("pidfd of a process of the host", syscall(SYS_pidfd_open, victim, 0), 0) \
  A("environment of a process of the host", open_of_victim("environ"), 0) \
  A("root of a process of the host", open_of_victim("root"), 0) \
  A("write core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY), 0) \
  A("write drop_caches", open("/proc/sys/vm/drop_caches", O_WRONLY), 0) \
  A("write overcommit_memory", open("/proc/sys/vm/overcommit_memory", O_WRONLY), 0) \
  A("write ip_forward", open("/proc/sys/net/ipv4/ip_forward", O_WRONLY), 0) \
  A("read /proc/keys", has_bytes("/proc/keys"), 0) \
  A("read /proc/interrupts", has_bytes("/proc/interrupts"), 0) \
  A("list /sys/kernel", has_bytes("/sys/kernel/notes"), 0) \
  A("move into another cgroup", cgroup_procs(), 0) \
  A("make a character device", device(S_IFCHR, makedev(1, 1)), 0) \
  A("make a block device", device(S_IFBLK, makedev(7, 0)), 0) \
  A("write the kernel's log", open("/dev/kmsg", O_WRONLY), 0) \
  A("raw socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), 0) \
  A("packet socket", socket(AF_PACKET, SOCK_RAW, 0), 0) \
  A("vsock", socket(AF_VSOCK, SOCK_STREAM, 0), 0) \
  A("mark packets", option(SOL_SOCKET, SO_MARK), 0) \
  A("send from foreign addresses (IP_TRANSPARENT)", option(IPPROTO_IP, 19), 0) \
  A("change an interface", same_flags(), 0) \
  A("keyctl", syscall(SYS_keyctl, 0, -3, 0), 0) \
  A("add_key", syscall(SYS_add_key, "user", "pushboat-test", "x", 1, -2), 0) \
  A("request_key", syscall(SYS_request_key, "user", "pushboat-none", 0, 0), ENOKEY) \
  A("bpf", bpf_map(), 0) \
  A("perf_event_open", perf(), 0) \
  A("userfaultfd", syscall(SYS_userfaultfd, 0), 0) \
  A("io_uring_setup", io_ring(), 0) \
  A("fanotify_init", syscall(SYS_fanotify_init, 0, 0), 0) \
  A("open_by_handle_at (shocker)", shocker(), 0) \
  A("reboot", syscall(SYS_reboot, 0, 0, 0, 0), EINVAL) \
  A("swapon", syscall(SYS_swapon, "/none", 0), ENOENT) \
  A("settimeofday", bad_time(), EINVAL) \
  A("clock_settime", bad_clock(), EINVAL) \
  A("adjtimex", bad_tick(), EINVAL) \
  A("syslog", syscall(SYS_syslog, 10, 0, 0), 0) \
  A("type into a terminal (TIOCSTI)", type_into_terminal(), 0) \
  A("32-bit system calls", ia32(), 0) \
  A("raise the priority", setpriority(PRIO_PROCESS, 0, -20), 0) \
  A("real-time scheduling", fifo(), 0) \
  A("personality without address randomisation", personality(ADDR_NO_RANDOMIZE), 0) \
  A("CAP_SYS_ADMIN in reach", in_bounding_set(21), 0) \
  A("CAP_NET_ADMIN in reach", in_bounding_set(12), 0)

static void attempt(int number) {
  int at = 0;
#define A(name, call, harmless) \
  if (at++ == number) { \
    errno = 0; \
    long result = (call); \
    if (result >= 0 || (harmless != 0 && errno == harmless)) printf("%s: through\n", name); \
    else printf("%s: refused, %s\n", name, strerror(errno)); \
    fflush(stdout); \
    _exit(0); \
  }
  ATTEMPTS
#undef A
}

int main(int count, char **arguments) {
#define A(name, call, harmless) name,
  const char *names[] = {ATTEMPTS};
#undef A
  victim = count > 1 ? atol(arguments[1]) : 0;
  snprintf(node, sizeof node, "/tmp/pushboat-node-%d", getpid());
  for (int number = 0; number < (int)(sizeof names / sizeof *names); number++) {
    int status, child = fork();
    if (child == 0) {
      unshare(CLONE_NEWNS); /* the control runs must not see the mounts of each other; refused inside */
      alarm(5);
      attempt(number);
    }
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: refused, signal %d\n", names[number], WTERMSIG(status));
    fflush(stdout);
  }
}
