# SPDX-License-Identifier: Apache-2.0
"""A group of guests that see each other. A keeper process owns their namespaces, networks and lives: when it ends, the
kernel ends them too. It is asked through a socket; ssh goes in through its network namespace, so that no port of this
machine is used."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), ".build", "guests")
ROOT = os.path.join(BUILD, "bookworm")
DISK = 4 << 30              # bytes; a sparse file
BOOTS_WITHIN = 180          # seconds, on a machine that does much else
TOOLS = ("linux.uml", "mmdebstrap", "mkfs.ext4", "ip", "nsenter", "nc", "setpriv", "setarch", "taskset", "ssh")
FIRST, TEST, CONTROL = 10, "10.91.0", "10.92.0"       # h1 has number 11 on both networks
SSHD = """AuthorizedKeysFile /etc/ssh/guest_key.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
GatewayPorts clientspecified
UseDNS no
MaxStartups 100
"""
SSH = """Host *
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ServerAliveInterval 15
  ControlPath {folder}/ssh-%n
  ProxyUseFdpass yes
  ProxyCommand nsenter --net=/proc/{keeper}/ns/net nc -F %h %p
"""


class GuestError(Exception):
    """What went wrong, and what to do."""


def is_running(process, started):
    """Whether a process is still the one that was written down, and no later one with its number."""
    return started is not None and started_at(process) == started


def started_at(process):
    """A process's start in ticks (proc(5)); None when there is none, or it has ended."""
    try:
        with open(f"/proc/{process}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Lab:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    @property
    def facts(self):
        """What is up; None when nothing is."""
        try:
            with open(self.path("lab.json")) as file:
                facts = json.load(file)
        except FileNotFoundError:
            return None
        return facts if is_running(facts["keeper"], facts["started"]) else None

    # --- up and down ---

    def up(self, hosts, memory, parent):
        self.check(hosts)
        subprocess.run([os.path.join(HERE, "make-root"), ROOT], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.path("share"))
        names = [f"h{number}" for number in range(1, hosts + 1)]
        self.write_what_guests_read(names)
        for name in names:
            self.make_disk(name)
        self.start_keeper(names, memory, parent)
        try:
            for name in names:
                self.ask("on", name)
            for name in names:
                self.wait_for_ssh(name)
        except BaseException:
            self.down()
            raise

    def check(self, hosts):
        if os.geteuid() != 0:
            raise GuestError("namespaces and networks need root: run it with sudo")
        if not 1 <= hosts <= 32:
            raise GuestError(f"--hosts {hosts}: 1 to 32")
        missing = [tool for tool in TOOLS if not shutil.which(tool)]
        if missing:
            raise GuestError(f"missing: {' '.join(missing)}: run `scripts/setup`")
        if self.facts:
            raise GuestError(f"guests are up in {self.folder} already: `guest down`, or another --state")

    def write_what_guests_read(self, names):
        os.makedirs(self.path("boot"))
        shutil.copy(os.path.join(HERE, "boot"), self.path("boot", "boot"))
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", self.path("key")],
                       check=True)
        shutil.copy(self.path("key.pub"), self.path("boot", "key.pub"))
        hosts = ["127.0.0.1 localhost", "::1 localhost"] + [f"{TEST}.{FIRST + int(n[1:])} {n}" for n in names]
        for name, text in (("sshd.conf", SSHD), ("hosts", "\n".join(hosts) + "\n"),
                           ("share-folder", self.path("share"))):
            with open(self.path("boot", name), "w") as file:
                file.write(text)

    def make_disk(self, name):
        os.makedirs(self.path(name))
        with open(self.path(name, "disk"), "wb") as disk:
            disk.truncate(DISK)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
                        self.path(name, "disk")], check=True)

    def start_keeper(self, names, memory, parent):
        with open(self.path("keeper.log"), "w") as log:
            keeper = subprocess.Popen(
                ["unshare", "--net", "--mount", "--ipc", "--propagation", "private", sys.executable,
                 os.path.join(HERE, "keeper.py"), self.folder, ROOT, str(memory), str(parent or 0), *names],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        if keeper.stdout.readline() != b"ready\n":
            with open(self.path("keeper.log")) as log:
                raise GuestError("the keeper did not start:\n" + log.read())
        with open(self.path("lab.json"), "w") as file:
            json.dump({"keeper": keeper.pid, "started": started_at(keeper.pid), "hosts": names}, file)
        with open(self.path("ssh_config"), "w") as file:
            for name in names:
                file.write(f"Host {name}\n  HostName {CONTROL}.{FIRST + int(name[1:])}\n")
            file.write(SSH.format(folder=self.folder, keeper=keeper.pid))

    def down(self):
        facts = self.facts
        if facts:
            for name in facts["hosts"]:
                self.close_ssh(name)
            os.kill(facts["keeper"], signal.SIGKILL)        # The guests hang on it.
            while is_running(facts["keeper"], facts["started"]):
                time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- power ---

    def power_on(self, name):
        self.ask("on", name)
        self.wait_for_ssh(name)

    def power_off(self, name):
        self.ask("off", name)
        self.close_ssh(name)

    def ask(self, verb, name):
        facts = self.facts
        if facts is None or name not in facts["hosts"]:
            raise GuestError(f"no guest {name} in {self.folder}: `guest up`")
        with socket.socket(socket.AF_UNIX) as keeper:
            keeper.connect(self.path("keeper"))
            keeper.sendall(f"{verb} {name}\n".encode())
            answer = keeper.makefile().readline().strip()
        if answer != "done":
            raise GuestError(f"{verb} {name}: {answer}")

    # --- ssh ---

    def ssh(self, name, *words):
        """The command line that runs words in a guest."""
        if self.facts is None or name not in self.facts["hosts"]:
            raise GuestError(f"no guest {name} in {self.folder}: `guest up`")
        return ["ssh", "-F", self.path("ssh_config"), *options_first(name, words)]

    def wait_for_ssh(self, name):
        """Keeps one connection open, on which every command goes: a handshake costs a guest most of a second."""
        deadline = time.monotonic() + BOOTS_WITHIN
        while time.monotonic() < deadline:
            opened = subprocess.run(
                self.ssh(name, "-M", "-N", "-f", "-o", "ConnectTimeout=5"), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if opened.returncode == 0:
                return
            time.sleep(0.1)
        with open(self.path(name, "console"), errors="replace") as file:
            raise GuestError(f"{name} does not answer by ssh after {BOOTS_WITHIN} s:\n{file.read()[-3000:]}")

    def close_ssh(self, name):
        subprocess.run(self.ssh(name, "-O", "exit"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def options_first(name, words):
    """ssh(1) takes its options before the host's name."""
    words = list(words)
    if words[:1] == ["--"]:
        return [name, *words]
    options = []
    while words and words[0].startswith("-"):
        option = words.pop(0)
        options.append(option)
        if option in ("-o", "-O", "-L", "-R", "-D", "-W") and words:
            options.append(words.pop(0))
    return [*options, name, *words]
