# SPDX-License-Identifier: Apache-2.0
"""The keeper of a lab's guests: keeper.py FOLDER ROOT MEMORY PARENT NAME... in namespaces of its own (net, mount, ipc).

It makes two networks without a way out, boots a guest or cuts its power when asked through the socket FOLDER/keeper,
and ends when the process PARENT does (0: never). A guest is one process of this machine and what hangs on it."""
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys

from lab import CONTROL, FIRST, HERE, TEST

LIBC = ctypes.CDLL(None, use_errno=True)
MOUNT_SETATTR, AT_FDCWD, RECURSIVE, READ_ONLY = 442, -100, 0x8000, 1        # mount_setattr(2)


def set_read_only(path, recursive, wanted):
    """mount_setattr(2), which util-linux knows only from 2.39 on."""
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY if wanted else 0, 0 if wanted else READ_ONLY, 0, 0)
    if LIBC.syscall(MOUNT_SETATTR, AT_FDCWD, path.encode(), RECURSIVE if recursive else 0, ctypes.byref(attributes),
                    ctypes.sizeof(attributes)):
        raise OSError(ctypes.get_errno(), f"mount_setattr {path}")


class Keeper:
    def __init__(self, folder, root, memory, parent, names):
        self.folder, self.root, self.memory, self.names = folder, root, int(memory), names
        self.guests = {}
        self.parent = os.pidfd_open(int(parent)) if int(parent) else None

    def guard_this_machine(self):
        """A guest's kernel can write what its process can, whatever the guest's root thinks: only the lab's folder."""
        subprocess.run(["mount", "--bind", self.folder, self.folder], check=True)
        set_read_only("/", True, True)
        set_read_only(self.folder, False, False)
        memory = os.path.join(self.folder, "memory")
        os.mkdir(memory)
        size = self.memory * len(self.names) + 64
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=700,size={size}m", "tmpfs", memory], check=True)

    def make_networks(self):
        lines = ["link set lo up"]
        for bridge, network in (("test", TEST), ("control", CONTROL)):
            lines += [f"link add {bridge} type bridge", f"address add {network}.1/24 dev {bridge}",
                      f"link set {bridge} up"]
            for name in self.names:
                tap = bridge[0] + name
                lines += [f"tuntap add dev {tap} mode tap", f"link set {tap} master {bridge}", f"link set {tap} up"]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)

    def command(self, name):
        """User-mode Linux: as root, so that it reads every file of its root, and without any other privilege. Its two
        halves, kernel and program, share one processor, or every system call would wait for a wake-up on another."""
        number = FIRST + int(name[1:])
        processors = sorted(os.sched_getaffinity(0))
        processor = processors[number % len(processors)]
        boot = f'"mount -n -t hostfs -o {self.folder}/boot none /mnt && exec /bin/sh /mnt/boot {name} {number}"'
        nics = [f"vec{n}:transport=tap,ifname={net}{name},mac=02:91:00:00:0{n}:{number:02x},depth=64,gro=1"
                for n, net in enumerate("tc")]
        return ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child",
                "taskset", "--cpu-list", str(processor), "setarch", "--addr-no-randomize",
                "setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all,+dac_override",
                os.path.join(HERE, "run-uml"), f"mem={self.memory}M", f"ubd0={self.folder}/{name}/disk",
                "root=/dev/root", "rootfstype=hostfs", f"rootflags={self.root}", "ro", "con=null", "con0=null,fd:1",
                "ssl=null", f"umid={name}", f"uml_dir={self.folder}/{name}/", "quiet", "panic=-1",
                "selinux=0", *nics,
                "init=/bin/sh", "--", "-c", boot]

    def on(self, name):
        if name in self.guests and self.guests[name].poll() is None:
            return "is on already"
        memory = os.path.join(self.folder, "memory")
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": memory, "HOME": memory}
        with open(os.path.join(self.folder, name, "console"), "ab") as console:
            self.guests[name] = subprocess.Popen(
                self.command(name), stdin=subprocess.DEVNULL, stdout=console, stderr=console, env=environment, cwd="/",
                start_new_session=True)
        return "done"

    def off(self, name):
        guest = self.guests.get(name)
        if guest is not None and guest.poll() is None:
            guest.kill()
            guest.wait()
        return "done"

    def serve(self):
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(os.path.join(self.folder, "keeper"))
            door.listen()
            print("ready", flush=True)
            waiting = [door.fileno()] + ([self.parent] if self.parent is not None else [])
            while self.parent not in select.select(waiting, [], [])[0]:
                with door.accept()[0] as asker:
                    verb, name = asker.makefile().readline().split()
                    answer = {"on": self.on, "off": self.off}[verb](name)
                    asker.sendall(answer.encode() + b"\n")


def main():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    folder, root, memory, parent, *names = sys.argv[1:]
    keeper = Keeper(folder, root, memory, parent, names)
    keeper.guard_this_machine()
    keeper.make_networks()
    keeper.serve()


if __name__ == "__main__":
    main()
