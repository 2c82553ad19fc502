# SPDX-License-Identifier: Apache-2.0
"""The command line: `fleet up`, `down`, `run`, `status`."""
import argparse
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import service
from . import settings as settings_module
from .keeper import die_with_parent

DEFAULT_STATE = ".build/fleet"
START_SECONDS = 60
STOP_SECONDS = 6
UNDO_SECONDS = 30


class Problem(Exception):
    """Something the operator can mend; shown without a traceback."""


def parser():
    top = argparse.ArgumentParser(
        prog="fleet", description="A small AWS on this machine, with real web servers and a real load balancer.")
    commands = top.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring a fleet up in the background and print its description as JSON")
    run = commands.add_parser("run", help="bring a fleet up, run a command in its environment, take it down")
    down = commands.add_parser("down", help="take a fleet down")
    status = commands.add_parser("status", help="print what a running fleet looks like, as JSON")
    serve = commands.add_parser("serve", help="the fleet itself, in the foreground")
    for command in (up, down, status, serve):
        command.add_argument("--state", default=DEFAULT_STATE, metavar="DIR",
                             help=f"folder of the fleet (default: {DEFAULT_STATE})")
    run.add_argument("--state", default=None, metavar="DIR", help="folder to keep (default: one that is removed)")
    for command in (up, run, serve):
        settings_module.add_arguments(command)
    serve.add_argument("--ready-fd", type=int, default=None, help=argparse.SUPPRESS)
    serve.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)
    serve.add_argument("--outlive", action="store_true", help=argparse.SUPPRESS)
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="the command and its arguments")
    return top


def main(entry):
    arguments = parser().parse_args()
    if getattr(arguments, "state", None):
        arguments.state = os.path.abspath(arguments.state)
    try:
        act = {"up": up, "down": down, "run": run, "status": status, "serve": serve}[arguments.command]
        return act(arguments, entry)
    except Problem as problem:
        print(f"fleet: {problem}", file=sys.stderr)
        return 2


def serve(arguments, _):
    os.makedirs(arguments.state, exist_ok=True)
    lock = take_lock(arguments.state)
    try:
        return service.serve(arguments)
    finally:
        os.close(lock)


def take_lock(state):
    """The lock says that a fleet lives in this folder; the kernel lets go of it with the fleet program."""
    lock = os.open(os.path.join(state, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise Problem(f"a fleet runs in {state} already. Take it down with `fleet down --state {state}`.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def holder(state):
    """The process that holds the folder's lock, as a (pid, pidfd), or None when no fleet lives there."""
    path = os.path.join(state, "lock")
    if not os.path.exists(path):
        return None
    with open(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            pid = int(lock.read().strip() or 0)
    try:
        return (pid, os.pidfd_open(pid)) if pid else None
    except ProcessLookupError:
        return None


def launch(arguments, entry, outlive):
    """Starts the fleet program and waits until it is whole; returns (process, description). It dies with this process,
    once it is whole only if it is not to `outlive` it."""
    os.makedirs(arguments.state, exist_ok=True)
    held = holder(arguments.state)
    if held:
        os.close(held[1])
        raise Problem(f"a fleet runs in {arguments.state} already (process {held[0]}). "
                      f"Take it down with `fleet down --state {arguments.state}`.")
    for name in ("truth.jsonl", "subscriber.jsonl", "lambda.jsonl", "fleet.json", "env"):
        path = os.path.join(arguments.state, name)
        if os.path.exists(path):
            os.unlink(path)
    for name in ("machines", "balancer"):
        shutil.rmtree(os.path.join(arguments.state, name), ignore_errors=True)
    if arguments.iam:
        arguments.iam = os.path.abspath(arguments.iam)
    reading, writing = os.pipe()
    line = [sys.executable, entry, "serve", f"--state={arguments.state}", f"--ready-fd={writing}",
            f"--parent={os.getpid()}", *(["--outlive"] if outlive else []),
            *settings_module.as_arguments(settings_module.from_arguments(arguments), arguments.throttle,
                                          arguments.fail)]
    log = os.path.join(arguments.state, "fleet.log")
    with open(log, "wb") as output:
        child = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[writing],
                                 start_new_session=True)
    os.close(writing)
    try:
        answer = read_line(reading, START_SECONDS)
    except BaseException:
        end(child.pid, os.pidfd_open(child.pid), child)
        raise
    finally:
        os.close(reading)
    described = json.loads(answer) if answer else {"error": "it ended without a word"}
    if "error" in described:
        child.wait()
        raise Problem(f"the fleet did not come up: {described['error']}. Its output is in {log}.")
    return child, described


def read_line(fd, seconds):
    data, deadline = b"", time.monotonic() + seconds
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise Problem(f"the fleet was not up after {seconds} s")
        chunk = os.read(fd, 65536)
        if not chunk:
            return data
        data += chunk
    return data


def up(arguments, entry):
    _, described = launch(arguments, entry, outlive=True)
    print(json.dumps(described, indent=2))
    return 0


def down(arguments, _):
    held = holder(arguments.state)
    if held is None:
        print(f"fleet: no fleet runs in {arguments.state}", file=sys.stderr)
        return 0
    end(*held)
    return 0


def end(pid, pidfd, child=None):
    """Asks the fleet program to end, then makes it; its children die with it. Returns when it is gone."""
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                signal.pidfd_send_signal(pidfd, number)
            except ProcessLookupError:
                break
            ready, _, _ = select.select([pidfd], [], [], STOP_SECONDS)
            if ready:
                break
    finally:
        os.close(pidfd)
        if child is not None:
            child.wait()


def status(arguments, _):
    import urllib.request
    path = os.path.join(arguments.state, "fleet.json")
    held = holder(arguments.state)
    if held is None or not os.path.exists(path):
        raise Problem(f"no fleet runs in {arguments.state}")
    os.close(held[1])
    with open(path) as file:
        endpoint = json.load(file)["endpoint"]
    with urllib.request.urlopen(f"{endpoint}/fleet/state", timeout=10) as answer:
        print(json.dumps(json.load(answer), indent=2))
    return 0


def run(arguments, entry):
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    if not argv:
        raise Problem("say what to run: fleet run [options] -- COMMAND [ARGUMENTS]")
    temporary = None
    if arguments.state is None:
        temporary = tempfile.TemporaryDirectory(prefix="rebound-fleet-")
        arguments.state = temporary.name
    stopped = StopRequests()
    if sys.stderr.isatty():
        print("fleet: coming up ...", file=sys.stderr)
    try:
        fleet, described = launch(arguments, entry, outlive=False)
        try:
            return run_inside(argv, described, stopped)
        finally:
            end(fleet.pid, os.pidfd_open(fleet.pid), fleet)
    except InterruptedError:
        return 128 + stopped.number
    finally:
        if temporary:
            temporary.cleanup()


class StopRequests:
    """SIGINT and SIGTERM end the command, never the taking down. During the start they end the start."""

    HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self):
        self.number = 0
        self.child = None
        self.ending = []                 # pidfds of what a signal was passed on to
        for number in self.HEARD:
            signal.signal(number, self.hear)

    def hear(self, number, _):
        first, self.number = self.number == 0, number
        if self.child is not None:
            if number != signal.SIGINT:         # a terminal gives SIGINT to the command by itself
                for pid in descendants(self.child.pid):
                    self.pass_on(pid, number)
        elif first:
            raise InterruptedError


    def pass_on(self, pid, number):
        try:
            pidfd = os.pidfd_open(pid)
            signal.pidfd_send_signal(pidfd, number)
            self.ending.append(pidfd)
        except ProcessLookupError:
            pass

    def wait_for_the_signalled(self):
        """A shell ends at once, but what it ran may be undoing something, and needs the fleet for it."""
        deadline = time.monotonic() + UNDO_SECONDS
        for pidfd in self.ending:
            select.select([pidfd], [], [], max(0, deadline - time.monotonic()))


def descendants(pid):
    """The process and everything it started, parents first: a shell script does not pass a signal on by itself."""
    found = [pid]
    for parent in found:
        try:
            with open(f"/proc/{parent}/task/{parent}/children") as file:
                found += map(int, file.read().split())
        except OSError:
            pass
    return found


def run_inside(argv, described, stopped):
    parent = os.getpid()
    unwanted = ("AWS_PROFILE", "AWS_SESSION_TOKEN")
    inherited = {k: v for k, v in os.environ.items() if k not in unwanted}
    # A signal between the start and the note of it would end us and leave what the command started without one.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, StopRequests.HEARD)

    def begin():
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        die_with_parent(parent, signal.SIGTERM)
    try:
        stopped.child = child = subprocess.Popen(
            argv, env={**inherited, **service.environment(described)}, preexec_fn=begin)
    except OSError as error:
        raise Problem(f"{argv[0]}: {error.strerror}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    status = child.wait()
    stopped.wait_for_the_signalled()
    return status if status >= 0 else 128 - status
