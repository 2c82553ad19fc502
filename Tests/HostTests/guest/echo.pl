#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Sends back what comes, by TCP and UDP, at the ports given. Ends when its input does, and after ten minutes.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;
alarm 600;
my $all = IO::Select->new;
my (%listens, %datagrams);
for my $port (@ARGV) {
    my $tcp = IO::Socket::INET->new(LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "tcp $port: $!";
    my $udp = IO::Socket::INET->new(LocalPort => $port, Proto => 'udp') or die "udp $port: $!";
    $listens{$tcp} = 1;
    $datagrams{$udp} = 1;
    $all->add($tcp, $udp);
}
$| = 1;
print "ready\n";
while (my @ready = $all->can_read) {
    for my $socket (@ready) {
        if ($listens{$socket}) { $all->add($socket->accept); next; }
        my $data;
        if ($datagrams{$socket}) { $socket->recv($data, 2048); $socket->send($data); next; }
        if (sysread($socket, $data, 2048)) { syswrite($socket, $data); }
        else { $all->remove($socket); close $socket; }
    }
}
