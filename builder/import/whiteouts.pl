#!/usr/bin/perl
# whiteouts.pl DIRECTORY: an unpacked OCI layer's marker files (image-spec, layer.md) become overlayfs's: `.wh.NAME` a character
# device 0:0 called NAME, `.wh..wh..opq` the mark of an opaque directory. Nothing is followed; times of directories stay.
use strict;
use warnings;
use POSIX ();

# arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
my %numbers = (x86_64 => { mknodat => 259, lsetxattr => 189 }, aarch64 => { mknodat => 33, lsetxattr => 6 });
my $calls = $numbers{ (POSIX::uname())[4] } or die "no system call numbers\n";
my ($AT_FDCWD, $S_IFCHR) = (-100, 0020000);
my ($top) = @ARGV;
my @pending = ($top);
while (defined(my $directory = shift @pending)) {
  opendir(my $handle, $directory) or die "$directory: $!\n";
  my @names = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  my @markers = grep { /^\.wh\./ } @names;
  my ($accessed, $modified) = (stat $directory)[8, 9];
  translate($directory, $_) for @markers;
  utime $accessed, $modified, $directory if @markers;
  push @pending, grep { !-l $_ && -d _ } map { "$directory/$_" } grep { !/^\.wh\./ } @names;
}

sub translate {
  my ($directory, $marker) = @_;
  my $path = "$directory/$marker";
  lstat $path or die "$path: $!\n";
  die "$path: a whiteout that is a directory\n" if -d _ && $marker !~ /^\.wh\.\.wh\./;
  if (-d _) { rmdir $path or die "rmdir $path: $!\n" }
  else { unlink $path or die "unlink $path: $!\n" }
  if ($marker eq '.wh..wh..opq') { make_opaque($directory) if $directory ne $top; return }
  return if $marker =~ /^\.wh\.\.wh\./;    # aufs's own bookkeeping
  my $name = substr $marker, 4;
  die "$path: a whiteout of nothing\n" if $name eq '' || $name eq '.' || $name eq '..';
  my $hidden = "$directory/$name";
  # A whiteout hides what is below, never what the same layer puts there.
  if (lstat $hidden) { make_opaque($hidden) if -d _; return }
  syscall($calls->{mknodat}, $AT_FDCWD, $hidden, $S_IFCHR, 0) == 0 or die "mknod $hidden: $!\n";
}

sub make_opaque {
  my ($directory) = @_;
  my ($name, $value) = ('trusted.overlay.opaque', 'y');
  syscall($calls->{lsetxattr}, $directory, $name, $value, 1, 0) == 0 or die "setxattr $directory: $!\n";
}
