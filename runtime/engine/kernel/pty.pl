#!/usr/bin/perl
# Runs a command under a new pseudo-terminal: pty.pl COLUMNS ROWS COMMAND ARGUMENT...
# Standard input and output are the terminal's; lines `COLUMNS ROWS` on descriptor 3 resize it. Exits as the command does
# (128 + n for a death by signal n). Needs perl-base only.
use strict;
use warnings;
use POSIX ();

my ($TIOCSPTLCK, $TIOCGPTN, $TIOCSWINSZ, $TIOCSCTTY) = (0x40045431, 0x80045430, 0x5414, 0x540E);
my ($columns, $rows, @command) = @ARGV;

open(my $master, '+<', '/dev/ptmx') or die "/dev/ptmx: $!\n";
my $number = pack('i', 0);
ioctl($master, $TIOCSPTLCK, $number) or die "TIOCSPTLCK: $!\n";
ioctl($master, $TIOCGPTN, $number) or die "TIOCGPTN: $!\n";
my $name = '/dev/pts/' . unpack('i', $number);
resize($columns, $rows);
# held open until the command has it, so that reading the master does not end too early; not as our own controlling
# terminal: then the command could not have it, and Control-C and a new size would reach us instead
sysopen(my $slave, $name, POSIX::O_RDWR() | POSIX::O_NOCTTY()) or die "$name: $!\n";

open(my $sizes, '<&=', 3) or die "descriptor 3: $!\n";
my $child = fork;
die "fork: $!\n" unless defined $child;
if ($child == 0) {
  POSIX::setsid();
  ioctl($slave, $TIOCSCTTY, 0);
  POSIX::dup2(fileno($slave), $_) for 0 .. 2;
  POSIX::close($_) for 3 .. 20;
  exec { $command[0] } @command or POSIX::_exit(127);
}
close $slave;
$SIG{PIPE} = 'IGNORE';

my %from = (0 => \&typed, fileno($master) => \&printed, 3 => \&sized);
my $open = 1;
while ($open) {
  my $set = '';
  vec($set, $_, 1) = 1 for keys %from;
  my $found = select(my $readable = $set, undef, undef, undef);
  next if $found < 0;
  for my $descriptor (keys %from) { $from{$descriptor}->() if vec($readable, $descriptor, 1) }
}
waitpid $child, 0;
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);

# What was typed; a closed input is Control-D for whoever reads lines.
sub typed {
  my $count = sysread(STDIN, my $bytes, 65536);
  if (!$count) { delete $from{0}; write_all($master, "\x04"); return }
  write_all($master, $bytes);
}

# The master fails with EIO when nobody has the terminal open any more.
sub printed {
  my $count = sysread($master, my $bytes, 65536);
  if (!$count) { $open = 0; return }
  write_all(\*STDOUT, $bytes);
}

my $pending;
sub sized {
  my $count = sysread($sizes, my $bytes, 1024);
  if (!$count) { delete $from{3}; return }
  $pending = ($pending // '') . $bytes;
  while ($pending =~ s/^(\d+) (\d+)\n//) { resize($1, $2) }
}

sub resize {
  my ($width, $height) = @_;
  my $size = pack('S4', $height, $width, 0, 0);
  ioctl($master, $TIOCSWINSZ, $size);
}

sub write_all {
  my ($file, $bytes) = @_;
  while (length $bytes) {
    my $written = syswrite($file, $bytes);
    return unless defined $written;
    substr($bytes, 0, $written, '');
  }
}
