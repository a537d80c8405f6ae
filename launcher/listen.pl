#!/usr/bin/perl
# Opens the router's listening sockets and becomes the supervisor, which holds them open: where a router dies, connections wait in
# the queue for the next one instead of being refused. A socket that lives in a process of this platform is taken over with its
# queue (pidfd_getfd(2), Linux >= 5.6), else it is bound.
# Usage: listen.pl RUN NAME=FD=ADDRESS=PORT... -- COMMAND...; the command finds `NAME=FD NAME=FD` in LISTENING_SOCKETS.
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 SOCK_STREAM SOL_SOCKET SO_REUSEADDR SO_ACCEPTCONN inet_pton pack_sockaddr_in pack_sockaddr_in6);
use POSIX ();

my ($SYS_PIDFD_OPEN, $SYS_PIDFD_GETFD) = (434, 438);    # one number everywhere (include/uapi/asm-generic/unistd.h)
my $BACKLOG = 4096;                                     # as router/main.ts's

my $run = shift @ARGV;
my @handed;
while (@ARGV and (my $wanted = shift @ARGV) ne '--') {
  my ($name, $fd, $address, $port) = split /=/, $wanted;
  if (eval { hold($fd, $address, $port); 1 }) { push @handed, "$name=$fd" }
  else { print STDERR "$name: $@" }                     # the router says so, too, and tries by itself
}
$ENV{LISTENING_SOCKETS} = "@handed";
exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";

sub hold {
  my ($fd, $address, $port) = @_;
  my $socket_address = packed($address, $port);
  my $socket = taken_over($socket_address) || bound($address, $socket_address);
  # dup2 leaves it open across exec.
  POSIX::dup2(fileno $socket, $fd) // die "dup2: $!\n";
}

sub packed {
  my ($address, $port) = @_;
  return pack_sockaddr_in6($port, inet_pton(AF_INET6, $address) // die "$address is no address\n") if $address =~ /:/;
  return pack_sockaddr_in($port, inet_pton(AF_INET, $address) // die "$address is no address\n");
}

sub bound {
  my ($address, $socket_address) = @_;
  my $socket;
  socket($socket, $address =~ /:/ ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) or die "SO_REUSEADDR: $!\n";
  bind($socket, $socket_address) or die "the port cannot be listened on: $!\n";
  listen($socket, $BACKLOG) or die "listen: $!\n";
  return $socket;
}

# The router, the one that leaves, or the supervisor before this one.
sub taken_over {
  my ($socket_address) = @_;
  for my $pid (grep { defined } map { living("$run/processes/$_") } qw(router router.leaving supervisor)) {
    my $process = syscall($SYS_PIDFD_OPEN, $pid, 0);
    next if $process < 0;
    for my $link (glob "/proc/$pid/fd/*") {
      next unless (readlink($link) // '') =~ /^socket:/ and $link =~ /(\d+)$/;
      my $copy = syscall($SYS_PIDFD_GETFD, $process, $1 + 0, 0);
      next if $copy < 0;
      open(my $socket, '+<&=', $copy) or die "fdopen: $!\n";
      my $listens = getsockopt($socket, SOL_SOCKET, SO_ACCEPTCONN);
      next unless defined $listens and unpack('i', $listens);
      return $socket if (getsockname($socket) // '') eq $socket_address;
    }
  }
  return undef;
}

# A record is "PID STARTTICKS" (processes.sh): a number that was given again is not taken for ours.
sub living {
  my ($record) = @_;
  open(my $file, '<', $record) or return undef;
  my ($pid, $ticks) = split ' ', <$file> // '';
  open(my $stat, '<', "/proc/" . ($pid // 0) . "/stat") or return undef;
  my @fields = split ' ', (<$stat> // '') =~ s/.*\)//r;
  return $fields[0] !~ /[ZX]/ && $fields[19] == $ticks ? $pid + 0 : undef;    # syscall() wants a number
}
