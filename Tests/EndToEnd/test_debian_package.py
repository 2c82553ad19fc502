# SPDX-License-Identifier: Apache-2.0
"""The Debian packages, installed, used, removed and purged by the real dpkg, on a copy of this machine that is thrown
away: an overlay over / in namespaces of its own, so that nothing of it is seen outside."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRODUCTS = os.environ.get("REBOUND_PRODUCTS", os.path.join(ROOT, ".build", "debug"))

# Runs as root of the namespaces. Each `== name` begins a part, whose lines the tests look at.
PRELUDE = r"""
set -eu
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/new" "$1/debs"
cp "$2"/*.deb "$1/debs"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/new"
mount --rbind /dev "$1/new/dev"
mkdir -p "$1/new/debs"
mount --bind "$1/debs" "$1/new/debs"
ip link set lo up
exec unshare --pid --fork --kill-child chroot "$1/new" /bin/bash -c "$3"
"""
SCENE = r"""
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/tmp
mount -t proc proc /proc
cd /
part() { echo "== $1"; }
rm -rf /etc/rebound /var/lib/rebound
part install;   dpkg -i /debs/*.deb 2>&1; echo "status $?"
part files;     dpkg -L rebound rebound-controller
part verify;    dpkg --verify rebound rebound-controller; echo "status $?"
part user;      getent passwd rebound
stat -c '%a %U %n' /etc/rebound/controller.yaml
part needs;     ldd /usr/bin/rebound-controller | grep -c 'not found' || true
part check
runuser -u rebound -- rebound-controller check --config /etc/rebound/controller.yaml; echo "status $?"
part client;    rebound version; rebound explain controllerconfiguration.listen | head -1
part manual;    gzip -dc /usr/share/man/man1/rebound-controller.1.gz | grep -c '^\.SH'; bash -n \
    /usr/share/bash-completion/completions/rebound-controller && echo completion
part unit
systemd-analyze verify /lib/systemd/system/rebound-controller.service 2>&1; echo "status $?"
part exposure;  systemd-analyze security --offline=yes --no-pager rebound-controller.service 2>&1 | tail -1
part serve
install -d -o rebound -g rebound -m 700 /var/lib/rebound
AWS_EC2_METADATA_DISABLED=true setpriv --reuid=rebound --regid=rebound --clear-groups rebound-controller serve \
    --config /etc/rebound/controller.yaml >/tmp/served 2>&1 &
served=$!
for _ in $(seq 300); do
    if curl -sk https://127.0.0.1:7443/healthz; then echo; break; fi
    if ! kill -0 $served 2>/dev/null; then break; fi
    sleep 0.1
done
kill -TERM $served; wait $served; echo "status $?"
cat /tmp/served
part state;     stat -c '%a %U %n' /var/lib/rebound /var/lib/rebound/rebound.db
part remove;    dpkg -r rebound-controller 2>&1; echo "status $?"
ls /etc/rebound/controller.yaml /var/lib/rebound/rebound.db /usr/bin/rebound-controller 2>&1
part changed;   echo '# mine' >>/etc/rebound/controller.yaml; dpkg -i /debs/rebound-controller_*.deb >/dev/null 2>&1
tail -1 /etc/rebound/controller.yaml
part purge;     dpkg -P rebound-controller rebound 2>&1; echo "status $?"
ls -d /etc/rebound /var/lib/rebound /usr/bin/rebound /usr/share/doc/rebound-controller \
    /lib/systemd/system/rebound-controller.service 2>&1
"""


def can_isolate():
    """Whether this user may make the namespaces and mounts."""
    return os.geteuid() == 0 and shutil.which("unshare") and shutil.which("dpkg-deb")


class DebianPackage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not can_isolate():
            raise unittest.SkipTest("needs root, unshare(1) and dpkg-deb(1) for a machine to throw away")
        folder = tempfile.TemporaryDirectory(prefix="rebound-package-")
        cls.addClassCleanup(folder.cleanup)
        debs, place = (os.path.join(folder.name, name) for name in ("debs", "machine"))
        os.mkdir(place)
        built = subprocess.run(
            [os.path.join(ROOT, "scripts", "build-deb"), "--fast", "--programs", PRODUCTS, "--output", debs],
            stdout=subprocess.PIPE, text=True, check=True)
        cls.packages = built.stdout.split()
        done = subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", "bash", "-c", PRELUDE,
                               "bash", place, debs, SCENE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        cls.said = done.stdout
        cls.parts = {name: text.strip() for name, text in re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", done.stdout,
                                                                     re.M | re.S)}

    def part(self, name):
        self.assertIn(name, self.parts, self.said)
        return self.parts[name]

    @staticmethod
    def prove(text):
        print(f"proved: {text}", file=sys.stderr, flush=True)

    def test_installs_what_it_lists_and_nothing_is_missing(self):
        self.assertTrue(self.part("install").endswith("status 0"), self.part("install"))
        files = self.part("files").split("\n")
        for path in ("/usr/bin/rebound", "/usr/bin/rebound-controller", "/etc/rebound/controller.yaml",
                     "/lib/systemd/system/rebound-controller.service", "/usr/lib/sysusers.d/rebound.conf",
                     "/usr/share/man/man1/rebound.1.gz", "/usr/share/bash-completion/completions/rebound",
                     "/usr/share/zsh/vendor-completions/_rebound", "/usr/share/doc/rebound/changelog.Debian.gz",
                     "/usr/share/fish/vendor_completions.d/rebound-controller.fish",
                     "/usr/share/doc/rebound/copyright", "/usr/share/doc/rebound-controller/copyright"):
            self.assertIn(path, files)
        self.assertEqual(self.part("verify"), "status 0")
        self.assertEqual(self.part("needs"), "0", "every library is there")
        self.assertRegex(self.part("user"), r"^rebound:x:\d+:\d+:Rebound controller:/var/lib/rebound:\S*nologin\n"
                                            r"644 root /etc/rebound/controller.yaml$")

    def test_what_is_installed_works(self):
        self.assertTrue(self.part("check").endswith("status 0"), self.part("check"))
        self.assertRegex(self.part("check"), r"dataFolder +/var/lib/rebound +/etc/rebound/controller.yaml")
        self.assertRegex(self.part("client"), r"^rebound \d+\.\d+\.\d+\nFIELD: controllerconfiguration.listen$")
        sections, completion = self.part("manual").split("\n")
        self.assertGreaterEqual(int(sections), 8)
        self.assertEqual(completion, "completion")
        self.assertRegex(self.part("serve"), r"(?s)^ok\n.*status 0\n.*controller stopped")
        self.assertEqual(self.part("state"), "700 rebound /var/lib/rebound\n600 rebound /var/lib/rebound/rebound.db")
        self.prove("installed by dpkg: check, client and serve work, and /healthz answers")

    def test_the_unit_is_in_order_and_locked_down(self):
        self.assertEqual(self.part("unit"), "status 0")
        exposure = re.search(r"exposure level for rebound-controller.service: ([\d.]+)", self.part("exposure"))
        self.assertIsNotNone(exposure, self.part("exposure"))
        self.assertLessEqual(float(exposure.group(1)), 1.5)
        self.prove(f"systemd-analyze finds no fault in the unit; exposure {exposure.group(1)} of 10")

    def test_removing_keeps_what_is_the_operators_and_purging_takes_it(self):
        self.assertIn("status 0", self.part("remove"))
        self.assertIn("/etc/rebound/controller.yaml\n", self.part("remove") + "\n")
        self.assertIn("/var/lib/rebound/rebound.db\n", self.part("remove") + "\n")
        self.assertIn("cannot access '/usr/bin/rebound-controller'", self.part("remove"))
        self.assertEqual(self.part("changed"), "# mine", "a changed configuration outlives a new installation")
        purge = self.part("purge")
        self.assertIn("status 0", purge)
        self.assertEqual(purge.count("cannot access"), 5, purge)
        self.prove("removed: configuration and data stay; purged: nothing of the package is left")


if __name__ == "__main__":
    unittest.main()
