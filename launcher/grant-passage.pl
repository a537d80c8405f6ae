# grant-passage.pl DIRECTORY UID: adds `user:UID:--x` to the directory's POSIX access list (setfacl -m, without the acl package).
# Format of the extended attribute: linux/posix_acl_xattr.h: version 2, then (tag u16, permissions u16, id u32) in order of tag and id.
use strict;
use warnings;
use constant { USER_OBJ => 1, USER => 2, GROUP_OBJ => 4, GROUP => 8, MASK => 16, OTHER => 32, NO_ID => 0xffffffff };
my %numbers = (x86_64 => [188, 191], aarch64 => [5, 8]);
chomp(my $machine = `uname -m`);
my ($set, $get) = @{ $numbers{$machine} or die "unknown machine $machine\n" };
my ($directory, $uid) = @ARGV;
my $name = "system.posix_acl_access\0";
my $path = "$directory\0";

my $buffer = "\0" x 4096;
my $length = syscall($get, $path, $name, $buffer, 4096);
my $mode = (stat $directory)[2];
my @entries = $length > 4
  ? map { [unpack "SSL", substr $buffer, 4 + 8 * $_, 8] } 0 .. ($length - 4) / 8 - 1
  : ([USER_OBJ, $mode >> 6 & 7, NO_ID], [GROUP_OBJ, $mode >> 3 & 7, NO_ID], [OTHER, $mode & 7, NO_ID]);
my ($mask) = grep { $_->[0] == MASK } @entries;
my ($group) = grep { $_->[0] == GROUP_OBJ } @entries;
# The mask bounds named entries and the group; without one the group's bits were its whole right, and stay so.
push @entries, [MASK, $group->[1] | 1, NO_ID] unless $mask;
$mask->[1] |= 1 if $mask;
@entries = grep { !($_->[0] == USER && $_->[2] == $uid) } @entries;
push @entries, [USER, 1, $uid];
@entries = sort { $a->[0] <=> $b->[0] || $a->[2] <=> $b->[2] } @entries;
my $value = pack("L", 2) . join "", map { pack "SSL", @$_ } @entries;
exit(syscall($set, $path, $name, $value, length $value, 0) == 0 ? 0 : 1);
