# SPDX-License-Identifier: Apache-2.0
"""Addresses for one fleet: a 127.N.0.0/16 network of its own, and a port that is free on it.

Every address of 127.0.0.0/8 is this machine, so each server has an address of its own without any set-up. A fleet owns
its network by holding an abstract Unix socket named for it, which the kernel takes back however the fleet ends.
"""
import os
import random
import socket

FIRST, LAST = 16, 250
USUAL_PORT = 8080
WEB_PORTS = range(20_000, 30_000)  # below Linux's range for outgoing connections (ip_local_port_range)
ZONE_BLOCKS = {"a": 16, "b": 32, "c": 48}


USUAL_URL = f"http://127.{FIRST}.0.2:{USUAL_PORT}/"


class Network:
    def __init__(self):
        self.number, self._claim = claim_network()
        self.cidr = f"127.{self.number}.0.0/16"
        self.balancer_host = f"127.{self.number}.0.2"
        self.subscriber_host = f"127.{self.number}.0.3"
        self.web_port = self.free_port()

    def subnet_cidr(self, zone_letter):
        return f"127.{self.number}.{ZONE_BLOCKS[zone_letter]}.0/20"

    def owns(self, address):
        return bool(address) and address.startswith(f"127.{self.number}.")

    def free_port(self):
        """A port nobody holds on our addresses, nor on all addresses of the machine."""
        for port in [USUAL_PORT, *random.sample(WEB_PORTS, 200)]:
            with socket.socket() as probe:
                try:
                    probe.bind((self.balancer_host, port))
                    return port
                except OSError:
                    continue
        raise RuntimeError(f"no free port on {self.cidr}: tried 200 of {WEB_PORTS}")


def claim_network():
    others = list(range(FIRST + 1, LAST + 1))
    random.Random(os.getpid()).shuffle(others)
    for number in [FIRST, *others]:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0rebound-local-fleet-127.{number}")
            return number, claim
        except OSError:
            claim.close()
    raise RuntimeError(f"all {len(others) + 1} loopback networks are taken by other fleets; take one down first")
