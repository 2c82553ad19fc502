# SPDX-License-Identifier: Apache-2.0
"""Network faults, judged by their effect on traffic, and by the kernel's dump afterwards."""
import json
import re
import subprocess
import sys

from hosting import ADDRESS, HostCase

# Runs in the network of the guests: prints one figure.
CLIENT = """
import socket, statistics, sys, time
what, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if what == "trips":
    link = socket.create_connection((address, port), 10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    for _ in range(count):
        begun = time.monotonic()
        link.sendall(b"x")
        link.recv(1)
        times.append((time.monotonic() - begun) * 1000)
    print(statistics.median(times))
elif what == "datagrams":
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    got = 0
    def receive(patience):
        global got
        link.settimeout(patience)
        try:
            link.recv(64)
        except TimeoutError:
            return False
        got += 1
        return True
    for number in range(1, count + 1):
        link.sendto(b"%d" % number, (address, port))
        receive(0.005)
        # No socket on the way holds more than some 270; a guest that gets no processor for a while empties none.
        while number % 100 == 0 and got < number and receive(2):
            pass
    print(got)
elif what == "connects":
    try:
        socket.create_connection((address, port), 3).close()
        print(1)
    except OSError:
        print(0)
"""


class NetworkCase(HostCase):
    def setUp(self):
        super().setUp()
        self.echo = subprocess.Popen(self.host.lab.ssh("h1", "perl /share/echo.pl 5432 5433"), text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop)
        self.assertEqual(self.echo.stdout.readline(), "ready\n")

    def stop(self):
        self.host.sh("for f in /proc/[0-9]*; do grep -aq echo.pl $f/cmdline 2>/dev/null && kill ${f#/proc/}; done\n"
                     "true")
        self.echo.communicate(timeout=30)

    def measure(self, what, port, count=1):
        done = subprocess.run(self.host.inside(sys.executable, "-c", CLIENT, what, ADDRESS, str(port), str(count)),
                              stdout=subprocess.PIPE, text=True, timeout=120, check=True)
        return float(done.stdout)

    def held(self, name, fault, **more):
        """A fault that is active; its injector."""
        process = self.host.start(self.document(name, network={"interface": "eth0", **fault}, **more))
        self.addCleanup(self.end, process)
        self.until(process, "verified")
        return process


class Effects(NetworkCase):
    def test_the_added_round_trip_is_the_one_that_was_asked_for(self):
        base = self.measure("trips", 5432, 60)
        for milliseconds in (1, 10, 100):
            with self.subTest(milliseconds):
                process = self.held(f"delay-{milliseconds}", {
                    "delay": f"{milliseconds}ms", "to": [{"cidr": "10.91.0.0/24"}]})
                added = self.measure("trips", 5432, 40) - base
                self.ends(process, 0)
                self.assertAlmostEqual(added, milliseconds, delta=max(1, milliseconds * 0.05))
        self.assertAlmostEqual(self.measure("trips", 5432, 60), base, delta=1)

    def test_the_part_that_is_lost_is_the_one_that_was_asked_for(self):
        self.assertEqual(self.measure("datagrams", 5433, 400), 400)
        process = self.held("loss", {"loss": 25})
        got = self.measure("datagrams", 5433, 400)
        self.ends(process, 0)
        # Four standard deviations of a binomial count of 400 at 75 %.
        self.assertAlmostEqual(got, 300, delta=35)
        self.assertEqual(self.measure("datagrams", 5433, 400), 400)

    def test_a_black_hole_leaves_ssh_and_the_road_home_open(self):
        process = self.held("hole", {"blackhole": True})
        self.assertEqual(self.measure("connects", 5432), 0)
        self.host.sh("ip neigh flush dev eth0")         # ARP has to work on its own.
        self.assertEqual(self.measure("connects", 22), 1)
        self.ends(process, 0)
        self.assertEqual(self.measure("connects", 5432), 1)
        process = self.held("hole-2", {"blackhole": True}, roadHome=["10.91.0.1"])
        self.assertEqual(self.measure("connects", 5432), 1)
        self.ends(process, 0)

    def test_only_what_was_aimed_at_is_touched(self):
        base = self.measure("trips", 5432, 40)
        process = self.held("aimed", {"delay": "100ms", "to": [{"cidr": "192.0.2.0/24"}]})
        self.assertAlmostEqual(self.measure("trips", 5432, 40), base, delta=5)
        self.ends(process, 0)


class Roots(HostCase):
    ROOTS = {
        "the kernel's own": "", "fq_codel": "fq_codel", "fq": "fq", "pfifo_fast": "pfifo_fast",
        "fq_codel as somebody likes it": "handle 77: fq_codel limit 1000 target 7ms noecn memory_limit 16mb",
        "fq as somebody likes it": "handle 78: fq limit 5000 quantum 3000 maxrate 100mbit",
        "fq_codel beside clsact": "fq_codel",
    }

    def hold(self, name, seconds="1s"):
        document = self.json(name, seconds)
        return self.host.sh(f"bash /share/hold 5 '{document}'")

    def json(self, name, seconds):
        return json.dumps(self.document(name, seconds, network={"interface": "eth0", "delay": "5ms"}))

    def still(self, dump):
        """Without the one figure that a dump counts in."""
        return re.sub(r'"direct_packets_stat":\d+', "", dump)

    def test_the_dump_afterwards_is_the_one_before_to_the_byte(self):
        self.addCleanup(self.host.sh, "tc qdisc del dev eth0 root; tc qdisc del dev eth0 clsact; true")
        for number, (name, words) in enumerate(self.ROOTS.items()):
            with self.subTest(name):
                self.host.sh("tc qdisc del dev eth0 root 2>/dev/null; tc qdisc del dev eth0 clsact 2>/dev/null; true")
                if words:
                    self.host.sh(f"tc qdisc add dev eth0 root {words}")
                if "clsact" in name:
                    self.host.sh("tc qdisc add dev eth0 clsact")
                before = self.host.dump()
                output = self.hold(f"root-{number}", "300ms")
                self.assertIn("code 0", output)
                self.assertIn('"event":"verified"', output)
                self.assertEqual(self.host.dump(), before)

    def test_a_root_that_cannot_be_made_again_is_not_touched(self):
        self.addCleanup(self.host.sh, "tc qdisc del dev eth0 root; true")
        for number, words in enumerate((
                "handle 1: htb default 1", "tbf rate 10mbit burst 32kb latency 50ms", "handle 1: prio",
                "netem delay 1ms", "sfq")):
            with self.subTest(words):
                self.host.sh(f"tc qdisc replace dev eth0 root {words}")
                before = self.still(self.host.dump())
                output = self.hold(f"foreign-{number}")
                self.assertIn("code 3", output)
                self.assertIn('"code":"foreign"', output)
                self.assertEqual(self.still(self.host.dump()), before)
                self.host.sh("tc qdisc del dev eth0 root")

