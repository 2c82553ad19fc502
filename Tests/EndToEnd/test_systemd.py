# SPDX-License-Identifier: Apache-2.0
"""The package under a real systemd: installed by apt on a new Debian 12 with a kernel of its own (Tests/Guests),
started, reloaded, hung, killed, upgraded and cut off the power while a run holds a fault, and purged.

The fleet stays on this machine; ssh carries its addresses into the guest."""
import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from driving import PRODUCTS, ROOT, ReboundCase, die_with_parent

sys.path.insert(0, os.path.join(ROOT, "Tests", "Guests"))
import lab  # noqa: E402

UNIT = "rebound-controller"
PATIENCE = 300          # a guest is slow at system calls, and slower beside other tests
OURS = ("/etc/rebound", "/var/lib/rebound", "/usr/bin/rebound", "/usr/bin/rebound-controller",
        "/usr/share/doc/rebound-controller", f"/lib/systemd/system/{UNIT}.service",
        f"/etc/systemd/system/multi-user.target.wants/{UNIT}.service")


def missing():
    """Why there can be no guest here; None when there can."""
    if os.geteuid() != 0:
        return "guests need root"
    tools = [tool for tool in (*lab.TOOLS, "dpkg-deb") if not shutil.which(tool)]
    return f"guests need {' '.join(tools)}: scripts/setup" if tools else None


class Guest:
    """One guest, with the fleet's addresses in it, and the packages in its /share."""

    def __init__(self, about):
        self.folder = tempfile.mkdtemp(prefix="rebound-guest-")
        self.lab = lab.Lab(os.path.join(self.folder, "lab"))
        self.tunnel = None
        places = {urllib.parse.urlparse(about[name]).netloc for name in ("endpoint", "loadBalancerURL")}
        self.forwards = [word for place in sorted(places) for word in ("-R", f"{place}:{place}")]
        self.about = about

    def up(self):
        self.lab.up(1, 512, os.getpid())
        self.connect()

    def down(self):
        self.disconnect()
        self.lab.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        self.tunnel = subprocess.Popen(
            self.lab.ssh("h1", "-N", "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes", *self.forwards))

    def disconnect(self):
        if self.tunnel is not None:
            self.tunnel.kill()
            self.tunnel.wait()

    def cut_the_power(self):
        self.lab.power_off("h1")
        self.disconnect()
        self.lab.power_on("h1")
        self.connect()

    def run(self, line, check=True):
        """What a shell line wrote in the guest; raises when it fails, unless told not to."""
        done = subprocess.run(self.lab.ssh("h1", "--", line), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
        if check and done.returncode != 0:
            raise AssertionError(
                f"in the guest, {line}: {done.returncode}\n{done.stdout[-3000:]}\n{self.journal()[-3000:]}")
        return done.stdout.strip()

    def write(self, path, text, mode="0600"):
        subprocess.run(self.lab.ssh("h1", "--", f"install -D -m {mode} /dev/stdin {path}"), input=text, text=True,
                       check=True, stdout=subprocess.DEVNULL)

    def journal(self):
        return self.run(f"journalctl -u {UNIT} --no-pager -o cat", check=False)

    def state(self, name):
        return self.run(f"systemctl show {UNIT} --property={name} --value")

    def share(self, path):
        shutil.copy(path, self.lab.path("share"))


def share_swift(guest):
    """A debug build takes Swift's libraries from this machine, by the path in it; a release build has them inside."""
    told = subprocess.run(["ldd", os.path.join(PRODUCTS, "rebound-controller")], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    folders = {os.path.dirname(path) for path in re.findall(r"=> (\S+/libswiftCore\.so)", told)}
    for folder in folders:
        os.makedirs(guest.lab.path("share", "swift"))
        for name in os.listdir(folder):
            if name.endswith(".so"):
                guest.share(os.path.join(folder, name))
                os.rename(guest.lab.path("share", name), guest.lab.path("share", "swift", name))
        guest.run(f"mkdir -p {os.path.dirname(folder)} && ln -s /share/swift {folder}")


@unittest.skipIf(missing(), missing())
class UnderSystemd(ReboundCase):
    options = ("--standalone=1",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debs = tempfile.TemporaryDirectory(prefix="rebound-debs-")
        cls.addClassCleanup(cls.debs.cleanup)
        cls.guest = Guest(cls.about)
        cls.addClassCleanup(cls.guest.down)
        atexit.register(cls.guest.down)
        building = subprocess.Popen(
            [os.path.join(ROOT, "scripts", "build-deb"), "--fast", "--programs", PRODUCTS, "--output", cls.debs.name],
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: die_with_parent(os.getppid()))
        cls.guest.up()
        cls.packages = building.communicate()[0].split()
        if building.returncode != 0:
            raise AssertionError("the packages were not built")
        for package in cls.packages:
            cls.guest.share(package)
        share_swift(cls.guest)
        cls.install("/share/rebound*.deb", "curl")
        cls.at_first = {name: cls.guest.state(name) for name in ("ActiveState", "UnitFileState")}
        cls.guest.write("/etc/rebound/controller.env", "".join(
            f"{name}={value}\n" for name, value in {
                "AWS_REGION": cls.about["region"], "AWS_ENDPOINT_URL": cls.about["endpoint"],
                "AWS_ACCESS_KEY_ID": cls.about["accessKeyID"],
                "AWS_SECRET_ACCESS_KEY": cls.about["secretAccessKey"], "AWS_EC2_METADATA_DISABLED": "true"}.items()))
        cls.guest.run(f"systemctl enable --now {UNIT}")
        cls.guest.run(f"journalctl -u {UNIT} | rebound login --token-file -")
        cls.guest.run("rebound delete policy leash")

    def setUp(self):
        super().setUp()
        self.guest.run(f"systemctl start {UNIT}")

    @classmethod
    def install(cls, *what):
        cls.guest.run("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "
                      + " ".join(what))

    @classmethod
    def newer_package(cls):
        """The controller's package once more, with a higher version."""
        tree, path = os.path.join(cls.debs.name, "tree"), os.path.join(cls.debs.name, "newer.deb")
        package = next(path for path in cls.packages if os.path.basename(path).startswith(UNIT + "_"))
        subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
        control = os.path.join(tree, "DEBIAN", "control")
        with open(control) as file:
            text = file.read()
        cls.version = re.search(r"^Version: (.*)$", text, re.M).group(1)
        with open(control, "w") as file:
            file.write(re.sub(r"^(Version: .*)$", r"\1+newer", text, flags=re.M))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, path], check=True,
                       stdout=subprocess.DEVNULL)
        cls.guest.share(path)
        return "/share/newer.deb"

    def until(self, what, ask):
        deadline = time.monotonic() + PATIENCE
        while not (answer := ask()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never {what}\n{self.guest.journal()[-4000:]}")
            time.sleep(0.2)
        return answer

    def started_again(self, before):
        """Waits until another process serves; its number."""
        def another():
            now = self.guest.state("MainPID")
            return now if now not in (before, "0") and self.guest.state("ActiveState") == "active" else None
        return self.until("active again", another)

    def holds(self, name):
        """The run is driven on, which AWS sees, and still holds its one fault."""
        now = time.monotonic_ns()
        self.until("driven on", lambda: [e for e in self.truth("api")
                                         if e["action"] == "DescribeInstances" and e["t_ns"] > now])
        self.assertIn("Holding", self.guest.run(f"rebound get run {name}"))
        self.assertEqual(len(self.acting_calls("StopInstances")), 1)
        self.assertEqual(len(self.acting_calls("StartInstances")), 0)

    def test_a_run_outlives_all_that_befalls_the_service(self):
        guest = self.guest
        stop = self.fault("ec2.stop", duration="30m", tags={"app": "standalone"})
        # A guest's clock is coarse and its road to the fleet long.
        front = {**self.storefront(), "every": "500ms", "failureThreshold": 20}
        front["http"]["timeout"] = "10s"
        guest.write("/tmp/stop.json", json.dumps(self.experiment(
            stop, name="stop", probes=[front], recovery={"stableFor": "1s", "giveUpAfter": "5m"})))
        guest.run("rebound run -f /tmp/stop.json --detach")
        name = guest.run("rebound get runs -o name").rpartition("/")[2]
        guest.run(f"rebound wait run {name} --for phase=Holding --timeout 4m")

        process = guest.state("MainPID")
        guest.write(f"/run/systemd/system/{UNIT}.service.d/quick.conf", "[Service]\nWatchdogSec=10s\n", "0644")
        guest.run(f"systemctl daemon-reload && systemctl restart {UNIT}")
        process = self.started_again(process)
        self.holds(name)
        guest.run(f"kill -STOP {process}")
        process = self.started_again(process)
        self.assertRegex(guest.run(f"journalctl -u {UNIT} --no-pager"), r"Watchdog timeout \(limit 10s\)!")
        guest.run(f"rm /run/systemd/system/{UNIT}.service.d/quick.conf && systemctl daemon-reload")
        self.holds(name)

        guest.run(f"kill -KILL {process}")
        process = self.started_again(process)
        self.holds(name)

        self.install(self.newer_package())
        self.assertEqual(guest.run("dpkg-query -W -f '${Version}' " + UNIT), self.version + "+newer")
        process = self.started_again(process)
        self.holds(name)

        boot = guest.run("cat /proc/sys/kernel/random/boot_id")
        guest.cut_the_power()
        self.assertNotEqual(guest.run("cat /proc/sys/kernel/random/boot_id"), boot)
        self.started_again("0")
        self.holds(name)

        guest.run(f"rebound abort {name} --reason enough")
        guest.run(f"rebound wait run {name} --for phase=Done --timeout 4m")
        run = json.loads(guest.run(f"rebound get run {name} -o json"))
        self.assertEqual(run["status"]["undo"], "clean", run["status"])
        self.assertEqual(len(self.acting_calls("StopInstances")), 1)
        self.assertEqual(len(self.acting_calls("StartInstances")), 1)
        guest.run(f"systemctl stop {UNIT}")
        self.assertEqual((guest.state("ActiveState"), guest.state("Result")), ("inactive", "success"))
        self.assertIn("nothing was aborted", guest.journal())
        for check in ("store check", "audit verify"):
            guest.run(f"runuser -u rebound -- rebound {check} --store /var/lib/rebound/rebound.db")
        guest.run(f"systemctl start {UNIT}")
        self.prove("one fault was held through a hang, kill -9, an upgrade and a power cut, and undone once; the "
                   "store and the audit are whole")

    def test_a_start_and_a_reload_end_when_the_service_says_so(self):
        guest = self.guest
        self.assertEqual(self.at_first, {"ActiveState": "inactive", "UnitFileState": "disabled"})
        self.assertEqual(guest.state("Type"), "notify")
        self.assertEqual(guest.state("StatusText"), "Serving.")
        process = guest.state("MainPID")
        guest.run("sed -i 's/level: info/level: debug/' /etc/rebound/controller.yaml")
        guest.run(f"systemctl reload {UNIT}")
        self.assertIn("the configuration was read again", guest.journal())
        self.assertEqual((guest.state("MainPID"), guest.state("ActiveState")), (process, "active"))
        self.assertEqual(guest.run("curl -s --cacert /var/lib/rebound/identity/authority.crt "
                                   "https://127.0.0.1:7443/readyz"), "ok")
        self.assertNotRegex(guest.journal(), r"thread priority|Operation not permitted|Permission denied")
        rated = guest.run(f"systemd-analyze security --no-pager {UNIT} | tail -1")
        exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", rated).group(1))
        self.assertLessEqual(exposure, 1.3)
        self.prove(f"installing started nothing; started, reloaded and rated {exposure} of 10 by systemd itself")

    def test_z_purged_nothing_is_left(self):
        guest = self.guest
        process = guest.state("MainPID")
        guest.run("apt-get remove -qq -y rebound-controller")
        self.assertFalse(guest.run(f"ls -d /proc/{process}", check=False).startswith(f"/proc/{process}"))
        self.assertIn("/var/lib/rebound/rebound.db", guest.run("ls /var/lib/rebound/rebound.db"))
        guest.run("apt-get purge -qq -y rebound-controller rebound")
        left = guest.run(f"ls -d {' '.join(OURS)}", check=False)
        self.assertEqual(left.count("cannot access"), len(OURS), left)
        self.assertEqual(guest.run(f"systemctl list-unit-files --no-legend {UNIT}.service", check=False), "")
        self.assertEqual(guest.run("systemctl --failed --no-legend"), "")
        self.assertRegex(guest.run("getent passwd rebound"), "nologin$")        # Kept, as its number is in backups.
        self.prove("removed while it served: ended, settings and data kept; purged: nothing of it is left but the user")


if __name__ == "__main__":
    unittest.main()
