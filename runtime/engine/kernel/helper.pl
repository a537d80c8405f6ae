#!/usr/bin/perl
# System calls that Node does not have: idmapped mounts, overlays, network namespaces. Needs perl-base only.
# A request is one line, fields separated by tabs, percent-encoded: SEQUENCE OPERATION ARGUMENT...
# The answer is one line: `SEQUENCE ok` or `SEQUENCE error TEXT`. Ends when its standard input does.
use strict;
use warnings;
use POSIX ();

my $machine = (POSIX::uname())[4];
# mount, umount2, unshare and setns differ; everything since Linux 5.2 has one number everywhere (include/uapi/asm-generic/unistd.h).
my %legacy = (
  x86_64  => { mount => 165, umount2 => 166, unshare => 272, setns => 308 },
  aarch64 => { mount => 40, umount2 => 39, unshare => 97, setns => 268 },
);
my $numbers = $legacy{$machine} or die "no system call numbers for $machine\n";
my ($SYS_OPEN_TREE, $SYS_MOVE_MOUNT, $SYS_MOUNT_SETATTR) = (428, 429, 442);

my ($CLONE_NEWUSER, $CLONE_NEWNET) = (0x10000000, 0x40000000);
my ($MS_NOSUID, $MS_NODEV, $MS_NOEXEC, $MS_BIND, $MS_PRIVATE, $MNT_DETACH) = (2, 4, 8, 4096, 1 << 18, 2);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $O_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 0x80000, 4);
my $MOUNT_ATTR_IDMAP = 0x00100000;
my ($SIOCGIFFLAGS, $SIOCSIFFLAGS, $SIOCSIFADDR, $SIOCSIFNETMASK, $SIOCADDRT, $SIOCSARP) = (0x8913, 0x8914, 0x8916, 0x891c, 0x890b, 0x8955);
my ($AF_INET, $ARPHRD_ETHER, $ATF_COM_PERM, $RTF_UP, $RTF_GATEWAY, $RTF_HOST) = (2, 1, 6, 1, 2, 4);
my $IFF_UP = 1;
my $RANGE = 65536;

my %user_namespaces;    # base uid -> open user namespace
open(my $host_network, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";

my %operations = (
  overlay => \&overlay,
  bind    => \&bind_mapped,
  private => \&make_private,
  netns   => \&make_network_namespace,
  address => \&address_network,
  unmount => sub { unmount($_) for @_ },
);

$| = 1;
while (my $line = <STDIN>) {
  chomp $line;
  my ($sequence, $operation, @arguments) = map { s/%([0-9A-F]{2})/chr hex $1/ger } split /\t/, $line, -1;
  my $run = $operations{$operation};
  my $answer = eval { die "no operation $operation\n" unless $run; $run->(@arguments); 1 } ? 'ok' : "error\t$@";
  $answer =~ s/\n/ /g;
  print "$sequence\t$answer\n";
}

# The union of layers (lowest first) at $target with a writable $scratch/upper; owners in the layers are those inside the container.
# $scratch/work must be on the same filesystem as the upper. The clones are detached again at once: overlayfs holds its own.
sub overlay {
  my ($base, $target, $upper, $work, $clones, $skeleton, @layers) = @_;
  chown $base, $base, $upper or die "chown $upper: $!\n";
  chmod 0755, $upper or die "chmod $upper: $!\n";
  mkdir $clones or die "mkdir $clones: $!\n";
  my @attached;
  my $done = eval {
    for my $index (0 .. $#layers) {
      mkdir "$clones/$index" or die "mkdir $clones/$index: $!\n";
      attach_mapped($base, $layers[$index], "$clones/$index");
      push @attached, $index;
    }
    # Short relative paths: mount(2) takes one page of options.
    chdir $clones or die "chdir $clones: $!\n";
    my $lower = join ':', reverse($skeleton, @attached);
    # Uppers become layers later: nothing in them may refer to another filesystem or inode. volatile: a writable layer does not
    # outlive its container's machine, and unmounting must not flush the whole disk.
    my $options = "lowerdir=$lower,upperdir=$upper,workdir=$work,redirect_dir=off,metacopy=off,index=off,xino=off,volatile";
    mount('overlay', $target, 'overlay', 0, $options);
    1;
  };
  my $problem = $@;
  chdir '/';
  unmount("$clones/$_") for @attached;
  rmdir "$clones/$_" for 0 .. $#layers;
  rmdir $clones;
  die $problem unless $done;
}

sub bind_mapped {
  my ($base, $source, $target) = @_;
  if (-d $source) { mkdir $target or die "mkdir $target: $!\n" }
  else { open(my $file, '>', $target) or die "open $target: $!\n" }
  attach_mapped($base, $source, $target);
}

sub make_private {
  my ($directory) = @_;
  mount($directory, $directory, 'none', $MS_BIND, 0);
  mount('none', $directory, 'none', $MS_PRIVATE, 0);
}

# A network namespace held by a file, with loopback up and without IPv6, and a /sys that shows its devices and no others.
sub make_network_namespace {
  my ($file, $sys) = @_;
  open(my $made, '>', $file) or die "open $file: $!\n";
  close $made;
  -d $sys or mkdir $sys or die "mkdir $sys: $!\n";
  system_call('unshare', $numbers->{unshare}, $CLONE_NEWNET);
  and_back_home(sub {
    interface_up(inet_socket(), 'lo');
    for my $scope ('all', 'default') {
      open(my $switch, '>', "/proc/sys/net/ipv6/conf/$scope/disable_ipv6") or next;
      print $switch "1\n";
    }
    mount('/proc/self/ns/net', $file, 'none', $MS_BIND, 0);
    mount('sysfs', $sys, 'sysfs', $MS_NOSUID | $MS_NODEV | $MS_NOEXEC, 0);
  });
}

# Inside the namespace held by $file: the address of eth0, its gateway with a fixed neighbour entry, the default route.
sub address_network {
  my ($file, $address, $gateway, $gateway_mac) = @_;
  open(my $namespace, '<', $file) or die "open $file: $!\n";
  system_call('setns', $numbers->{setns}, fileno $namespace, $CLONE_NEWNET);
  and_back_home(sub {
    my $socket = inet_socket();
    control($socket, $SIOCSIFADDR, pack('a16 a16 x8', 'eth0', socket_address($address)));
    control($socket, $SIOCSIFNETMASK, pack('a16 a16 x8', 'eth0', socket_address('255.255.255.255')));
    interface_up($socket, 'eth0');
    # struct arpreq, linux/if_arp.h
    my $hardware = pack('S C6', $ARPHRD_ETHER, map { hex } split /:/, $gateway_mac);
    control($socket, $SIOCSARP, pack('a16 a16 i x16 a16', socket_address($gateway), $hardware, $ATF_COM_PERM, 'eth0'));
    add_route($socket, $gateway, '0.0.0.0', '255.255.255.255', $RTF_UP | $RTF_HOST);
    add_route($socket, '0.0.0.0', $gateway, '0.0.0.0', $RTF_UP | $RTF_GATEWAY);
  });
}

# Staying in a container's network would break everything after it: better to die, the caller starts another helper.
sub and_back_home {
  my ($work) = @_;
  my $done = eval { $work->(); 1 };
  my $problem = $@;
  syscall($numbers->{setns}, fileno($host_network), $CLONE_NEWNET) == 0 or exit 70;
  die $problem unless $done;
}

sub inet_socket {
  socket(my $socket, $AF_INET, 2, 0) or die "socket: $!\n";
  return $socket;
}

sub interface_up {
  my ($socket, $name) = @_;
  my $request = pack('a16 s x22', $name, 0);
  ioctl($socket, $SIOCGIFFLAGS, $request) or die "SIOCGIFFLAGS $name: $!\n";
  my $flags = unpack('x16 s', $request) | $IFF_UP;
  control($socket, $SIOCSIFFLAGS, pack('a16 s x22', $name, $flags));
}

# struct rtentry of 64-bit machines, linux/route.h
sub add_route {
  my ($socket, $destination, $gateway, $mask, $flags) = @_;
  my $device = "eth0\0";
  control($socket, $SIOCADDRT,
    pack('x8 a16 a16 a16 S x6 x16 x8 p x24', socket_address($destination), socket_address($gateway), socket_address($mask), $flags, $device));
}

sub socket_address {
  my ($address) = @_;
  return pack('S n C4 x8', $AF_INET, 0, split /\./, $address);
}

sub control {
  my ($socket, $number, $request) = @_;
  ioctl($socket, $number, $request) or die sprintf("ioctl %#x: %s\n", $number, $!);
}

# A clone of $source's mount, owners shifted by $base, at $target.
sub attach_mapped {
  my ($base, $source, $target) = @_;
  my $tree = system_call("open_tree $source", $SYS_OPEN_TREE, $AT_FDCWD, $source, $OPEN_TREE_CLONE | $O_CLOEXEC);
  open(my $holder, '<&=', $tree) or die "fdopen: $!\n";    # closes the descriptor when the scope ends
  my $attributes = pack('Q4', $MOUNT_ATTR_IDMAP, 0, 0, fileno(user_namespace($base)));
  my $empty = '';
  system_call("mount_setattr $source", $SYS_MOUNT_SETATTR, $tree, $empty, $AT_EMPTY_PATH, $attributes, length $attributes);
  system_call("move_mount $target", $SYS_MOVE_MOUNT, $tree, $empty, $AT_FDCWD, $target, $MOVE_MOUNT_F_EMPTY_PATH);
}

# A user namespace in which 0 is $base outside; kept open, since each needs a process of its own to be made.
sub user_namespace {
  my ($base) = @_;
  return $user_namespaces{$base} if $user_namespaces{$base};
  pipe(my $ready_out, my $ready_in) or die "pipe: $!\n";
  pipe(my $end_out, my $end_in) or die "pipe: $!\n";
  my $child = fork;
  die "fork: $!\n" unless defined $child;
  if ($child == 0) {
    close $end_in;
    my $failed = syscall($numbers->{unshare}, $CLONE_NEWUSER);
    syswrite($ready_in, $failed == 0 ? 'y' : 'n');
    sysread($end_out, my $byte, 1);
    POSIX::_exit(0);
  }
  close $ready_in;
  my $namespace = eval {
    sysread($ready_out, my $byte, 1);
    die "unshare user namespace failed\n" unless ($byte // '') eq 'y';
    for my $map ('uid_map', 'gid_map') {
      open(my $file, '>', "/proc/$child/$map") or die "$map: $!\n";
      syswrite($file, "0 $base $RANGE\n") or die "$map: $!\n";
    }
    open(my $opened, '<', "/proc/$child/ns/user") or die "ns/user: $!\n";
    $opened;
  };
  my $problem = $@;
  close $end_in;
  waitpid $child, 0;
  die $problem unless $namespace;
  return $user_namespaces{$base} = $namespace;
}

sub mount {
  my ($source, $target, $type, $flags, $data) = @_;
  system_call("mount $type at $target", $numbers->{mount}, $source, $target, $type, $flags, $data);
}

# Nothing there is as good as unmounted.
sub unmount {
  my ($target) = @_;
  return if syscall($numbers->{umount2}, $target, $MNT_DETACH) == 0;
  die "unmount $target: $!\n" unless $!{EINVAL} || $!{ENOENT};
}

sub system_call {
  my ($what, @call) = @_;
  my $result = syscall($call[0], @call[1 .. $#call]);
  die "$what: $!\n" if $result < 0;
  return $result;
}
