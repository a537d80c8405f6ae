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
my ($MS_BIND, $MS_PRIVATE, $MNT_DETACH) = (4096, 1 << 18, 2);
my ($AT_FDCWD, $AT_EMPTY_PATH, $OPEN_TREE_CLONE, $O_CLOEXEC, $MOVE_MOUNT_F_EMPTY_PATH) = (-100, 0x1000, 1, 0x80000, 4);
my $MOUNT_ATTR_IDMAP = 0x00100000;
my ($SIOCGIFFLAGS, $SIOCSIFFLAGS, $SIOCSIFADDR, $SIOCSIFNETMASK, $SIOCADDRT, $SIOCSARP) = (0x8913, 0x8914, 0x8916, 0x891c, 0x890b, 0x8955);
my ($AF_INET, $ARPHRD_ETHER, $ATF_COM_PERM, $RTF_UP, $RTF_GATEWAY, $RTF_HOST) = (2, 1, 6, 1, 2, 4);
my $IFF_UP = 1;
my $RANGE = 65536;

my %user_namespaces;    # base uid -> open user namespace
open(my $host_network, '<', '/proc/self/ns/net') or die "/proc/self/ns/net: $!\n";

# linux/loop.h
my ($LOOP_CTL_GET_FREE, $LOOP_CONFIGURE, $LO_FLAGS_AUTOCLEAR) = (0x4C82, 0x4C0A, 4);
my ($MS_NOSUID, $MS_NODEV, $MS_NOATIME) = (2, 4, 1024);
my ($SEEK_DATA, $SEEK_HOLE) = (3, 4);

my %operations = (
  scratch => \&mount_scratch,
  image   => \&mount_image,
  overlay => \&overlay,
  bind    => \&bind_mapped,
  private => \&make_private,
  connect => \&connect_network,
  pipes   => \&make_pipes,
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

# A copy of the empty filesystem in $template at $target. Its file has no name any more: it goes with its last user.
sub mount_scratch {
  my ($template, $image, $target) = @_;
  copy_sparse($template, $image);
  my $done = eval { mount_image($image, $target, 'discard,nobarrier'); 1 };
  my $problem = $@;
  unlink $image;
  die $problem unless $done;
}

# The filesystem in the file $image at $target; the loop device goes with the mount.
sub mount_image {
  my ($image, $target, $options) = @_;
  mkdir $target or $!{EEXIST} or die "mkdir $target: $!\n";
  open(my $file, '+<', $image) or die "open $image: $!\n";
  my ($name, $device) = attach_loop($file, $image);
  mount($name, $target, 'ext4', $MS_NOSUID | $MS_NODEV | $MS_NOATIME, $options // 'discard');
}

# Others may take the same free device between the question and the answer.
sub attach_loop {
  my ($file, $image) = @_;
  open(my $control, '+<', '/dev/loop-control') or die "/dev/loop-control: $!\n";
  # struct loop_config: descriptor, block size, struct loop_info64, reserved
  my $info = pack('Q5 L4 a64 a64 a32 Q2', (0) x 8, $LO_FLAGS_AUTOCLEAR, substr($image, -63), '', '', 0, 0);
  my $config = pack('L L', fileno $file, 0) . $info . ("\0" x 64);
  for my $attempt (1 .. 50) {
    my $number = ioctl($control, $LOOP_CTL_GET_FREE, 0) // die "LOOP_CTL_GET_FREE: $!\n";
    my $name = '/dev/loop' . ($number + 0);
    open(my $device, '+<', $name) or die "$name: $!\n";
    return ($name, $device) if ioctl($device, $LOOP_CONFIGURE, $config);
    die "LOOP_CONFIGURE $name: $!\n" unless $!{EBUSY};
  }
  die "no loop device is free\n";
}

sub copy_sparse {
  my ($from, $to) = @_;
  open(my $in, '<:raw', $from) or die "open $from: $!\n";
  open(my $out, '>:raw', $to) or die "open $to: $!\n";
  truncate $out, -s $in or die "truncate $to: $!\n";
  my $at = 0;
  while (defined(my $begin = sysseek $in, $at, $SEEK_DATA)) {
    $at = sysseek($in, $begin, $SEEK_HOLE) + 0;
    sysseek($_, $begin, 0) for $in, $out;
    for (my $left = $at - $begin; $left > 0;) {
      my $got = sysread($in, my $bytes, $left) || die "read $from: $!\n";
      syswrite($out, $bytes) == $got or die "write $to: $!\n";
      $left -= $got;
    }
  }
}

sub make_private {
  my ($directory) = @_;
  mount($directory, $directory, 'none', $MS_BIND, 0);
  mount('none', $directory, 'none', $MS_PRIVATE, 0);
}

# Named pipes that $owner inside may open again (/dev/stdout); sockets could not be.
sub make_pipes {
  my ($owner, @paths) = @_;
  for my $path (@paths) {
    POSIX::mkfifo($path, 0600) or die "mkfifo $path: $!\n";
    chown $owner, $owner, $path or die "chown $path: $!\n";
  }
}

# A veth pair between the host ($name) and the network of process $pid (eth0), with addresses, routes and fixed neighbours.
sub connect_network {
  my ($pid, $name, $mtu, $address, $mac, $gateway, $gateway_mac) = @_;
  open(my $namespace, '<', "/proc/$pid/ns/net") or die "/proc/$pid/ns/net: $!\n";
  add_pair($name, $gateway_mac, $mac, $mtu, fileno $namespace);
  my $socket = inet_socket();
  # forwards, takes no other source than the container's (strict reverse path), speaks no IPv6
  switch("ipv4/conf/$name/forwarding", 1);
  switch("ipv4/conf/$name/rp_filter", 1);
  switch("ipv6/conf/$name/disable_ipv6", 1);
  interface_up($socket, $name);
  add_neighbour($socket, $name, $address, $mac);
  add_route($socket, $name, $address, '0.0.0.0', '255.255.255.255', $RTF_UP | $RTF_HOST);
  system_call('setns', $numbers->{setns}, fileno $namespace, $CLONE_NEWNET);
  and_back_home(sub { address_inside(inet_socket(), $address, $gateway, $gateway_mac) });
}

sub address_inside {
  my ($socket, $address, $gateway, $gateway_mac) = @_;
  switch("ipv6/conf/$_/disable_ipv6", 1) for 'all', 'default';
  control($socket, $SIOCSIFADDR, pack('a16 a16 x8', 'eth0', socket_address($address)));
  control($socket, $SIOCSIFNETMASK, pack('a16 a16 x8', 'eth0', socket_address('255.255.255.255')));
  interface_up($socket, 'eth0');
  add_neighbour($socket, 'eth0', $gateway, $gateway_mac);
  add_route($socket, 'eth0', $gateway, '0.0.0.0', '255.255.255.255', $RTF_UP | $RTF_HOST);
  add_route($socket, 'eth0', '0.0.0.0', $gateway, '0.0.0.0', $RTF_UP | $RTF_GATEWAY);
}

# rtnetlink(7): RTM_NEWLINK of kind veth, its peer made in the other namespace right away.
sub add_pair {
  my ($name, $mac, $peer_mac, $mtu, $namespace) = @_;
  my ($RTM_NEWLINK, $NLM_F_REQUEST_ACK_CREATE_EXCL) = (16, 0x605);
  my ($IFLA_ADDRESS, $IFLA_IFNAME, $IFLA_MTU, $IFLA_LINKINFO, $IFLA_NET_NS_FD) = (1, 3, 4, 18, 28);
  my ($IFLA_INFO_KIND, $IFLA_INFO_DATA, $VETH_INFO_PEER) = (1, 2, 1);
  my $interface = pack('x16');    # struct ifinfomsg
  my $end = sub { attribute($IFLA_IFNAME, "$_[0]\0") . attribute($IFLA_ADDRESS, hardware($_[1])) . attribute($IFLA_MTU, pack 'L', $mtu) };
  my $peer = $interface . $end->('eth0', $peer_mac) . attribute($IFLA_NET_NS_FD, pack 'L', $namespace);
  my $body = $interface . $end->($name, $mac) . attribute($IFLA_LINKINFO,
    attribute($IFLA_INFO_KIND, "veth\0") . attribute($IFLA_INFO_DATA, attribute($VETH_INFO_PEER, $peer)));
  socket(my $netlink, 16, 3, 0) or die "netlink: $!\n";
  my $message = pack('L S S L L', 16 + length $body, $RTM_NEWLINK, $NLM_F_REQUEST_ACK_CREATE_EXCL, 1, 0) . $body;
  send($netlink, $message, 0) or die "netlink: $!\n";
  defined recv($netlink, my $answer, 65536, 0) or die "netlink: $!\n";
  my $error = -unpack('x16 l', $answer);
  if ($error) { $! = $error; die "veth $name: $!\n" }
}

sub attribute {
  my ($type, $value) = @_;
  my $length = 4 + length $value;
  return pack('S S', $length, $type) . $value . ("\0" x (-$length & 3));
}

sub hardware { return pack 'C6', map { hex } split /:/, $_[0] }

# Not there: a kernel without IPv6.
sub switch {
  my ($name, $value) = @_;
  open(my $file, '>', "/proc/sys/net/$name") or return;
  syswrite($file, $value);
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

# struct arpreq, linux/if_arp.h
sub add_neighbour {
  my ($socket, $device, $address, $mac) = @_;
  control($socket, $SIOCSARP,
    pack('a16 S a14 i x16 a16', socket_address($address), $ARPHRD_ETHER, hardware($mac), $ATF_COM_PERM, $device));
}

# struct rtentry of 64-bit machines, linux/route.h
sub add_route {
  my ($socket, $device, $destination, $gateway, $mask, $flags) = @_;
  my $name = "$device\0";
  control($socket, $SIOCADDRT,
    pack('x8 a16 a16 a16 S x6 x16 x8 p x24', socket_address($destination), socket_address($gateway), socket_address($mask), $flags, $name));
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
