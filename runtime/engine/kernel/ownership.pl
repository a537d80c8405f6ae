#!/usr/bin/perl
# ownership.pl DIRECTORY BASE: owners BASE + n (n < 65536) of everything below DIRECTORY, and of itself, become n. Nothing is
# followed; others' owners stay. Changing the owner of a file makes the kernel drop its setuid and setgid bits and its capabilities.
use strict;
use warnings;
use POSIX ();

my ($top, $base) = @ARGV;
my $range = 65536;
my @directories = ($top);
give_back($top);
while (defined(my $directory = shift @directories)) {
  opendir(my $handle, $directory) or die "$directory: $!\n";
  for my $name (readdir $handle) {
    next if $name eq '.' || $name eq '..';
    my $path = "$directory/$name";
    push @directories, $path if give_back($path);
  }
}

# True for a directory.
sub give_back {
  my ($path) = @_;
  my ($mode, $uid, $gid) = (lstat $path)[2, 4, 5];
  die "$path: $!\n" unless defined $mode;
  my ($new_uid, $new_gid) = (shifted($uid), shifted($gid));
  if ($new_uid != $uid || $new_gid != $gid) { POSIX::lchown($new_uid, $new_gid, $path) // die "lchown $path: $!\n" }
  return ($mode & 0170000) == 0040000;
}

sub shifted {
  my ($id) = @_;
  return $id >= $base && $id < $base + $range ? $id - $base : $id;
}
