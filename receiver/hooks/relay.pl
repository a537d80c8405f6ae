#!/usr/bin/perl
# git's pre-receive and proc-receive hook: relays between git and Pushboat's daemon, which alone decides. Only perl-base.
# To the daemon: pkt-lines (token, hook, push options, flush; then git's own). From it: frames of length (32 bit), channel, bytes.
use strict;
use warnings;
use Socket qw(PF_UNIX SOCK_STREAM sockaddr_un);

use constant { STDOUT_CHANNEL => 1, STDERR_CHANNEL => 2, EXIT_CHANNEL => 3, CHUNK => 65_536 };
$SIG{PIPE} = 'IGNORE';

my ($hook) = $0 =~ m{([^/]+)\z};

sub fail {
    syswrite STDERR, " !     $_[0]\n";
    exit 1;
}

sub write_all {
    my ($handle, $bytes) = @_;
    for (my $at = 0; $at < length $bytes;) {
        my $written = syswrite $handle, $bytes, length($bytes) - $at, $at;
        return 0 unless defined $written;
        $at += $written;
    }
    return 1;
}

sub packet { return sprintf('%04x', 4 + length $_[0]) . $_[0] }

my $daemon;
socket($daemon, PF_UNIX, SOCK_STREAM, 0) && connect($daemon, sockaddr_un($ENV{PUSHBOAT_HOOK_SOCKET} // ''))
    or fail("Pushboat's daemon cannot be reached: $!");

my $head = packet("token=" . ($ENV{PUSHBOAT_HOOK_TOKEN} // '')) . packet("hook=$hook");
$head .= packet("option=$ENV{\"GIT_PUSH_OPTION_$_\"}") for 0 .. ($ENV{GIT_PUSH_OPTION_COUNT} // 0) - 1;
write_all($daemon, $head . '0000') or fail("Pushboat's daemon went away: $!");

# pre-receive gets lines until the end of input; the daemon reads packets only.
if ($hook eq 'pre-receive') {
    my $updates = '';
    $updates .= packet($_) while <STDIN>;
    write_all($daemon, $updates . '0000');
}

my ($input_open, $buffer) = ($hook ne 'pre-receive', '');
while (1) {
    my $ready = '';
    vec($ready, fileno $daemon, 1) = 1;
    vec($ready, fileno STDIN, 1) = 1 if $input_open;
    next if select($ready, undef, undef, undef) < 0;
    if ($input_open && vec($ready, fileno STDIN, 1)) {
        my $got = sysread STDIN, my $bytes, CHUNK;
        $input_open = 0 unless $got;
        write_all($daemon, $bytes) if $got;
    }
    next unless vec($ready, fileno $daemon, 1);
    my $got = sysread $daemon, $buffer, CHUNK, length $buffer;
    fail("Pushboat's daemon went away; `deploys` tells what became of this push") unless $got;
    while (length $buffer >= 5) {
        my ($length, $channel) = unpack 'NC', $buffer;
        last if length $buffer < 5 + $length;
        my $bytes = substr $buffer, 5, $length;
        substr($buffer, 0, 5 + $length) = '';
        exit $bytes if $channel == EXIT_CHANNEL;
        write_all($channel == STDOUT_CHANNEL ? \*STDOUT : \*STDERR, $bytes) or exit 1;
    }
}
