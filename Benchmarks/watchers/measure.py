#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Watches a released controller with many clients while its resources change, and says how late the events came.

    measure.py PROGRAM own|all [--watchers N] [--plain N] [--rate N] [--seconds N] [--check MILLISECONDS]

`own` gives each watcher a namespace of its own, as agents have; with `all` every watcher sees every change. Ends with 1
when an event was lost, came twice or out of order, when less than 95 % of the changes were made in time, or when the
99th percentile of the delay is over --check.
"""
import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "client"))
from controller import Controller  # noqa: E402

GROUP = "/apis/rebound.chaos/v1"
WRITERS = 8
SHARED = 40          # resources that change when all see all
STREAMS = 100        # of one connection of HTTP/2: what a server takes without being asked for more


def experiment(name):
    return {
        "apiVersion": "rebound.chaos/v1", "kind": "Experiment", "metadata": {"name": name, "labels": {"team": "web"}},
        "spec": {
            "hypothesis": "It holds.",
            "steadyState": [{"name": "web", "tcp": {"host": "127.0.0.1", "port": 1, "timeout": "1s"}, "every": "1s"}],
            "faults": [{"name": "stop", "ec2": {"action": "terminate"}, "targets": {
                "instances": {"region": "eu-west-1", "tags": {"app": "web"}}, "pick": {"count": 1}}}],
            "limits": {"maxTargets": 1, "minHealthy": 2},
            "recovery": {"stableFor": "1s", "giveUpAfter": "1m"}}}


def in_threads(count, work):
    """Runs work(number) in so many threads, and passes on what one of them throws."""
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:  # noqa: B902 - handed to the caller
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


class World:
    """The resources that change, and how often each was changed."""

    def __init__(self, controller, mode, watchers):
        self.controller = controller
        own = mode == "own"
        self.places = [(f"n{i}", "e") for i in range(watchers)] if own else [("shared", f"e{i}") for i in range(SHARED)]
        self.namespaces = sorted({namespace for namespace, _ in self.places})
        self.counts = {}

    def make(self):
        def work(number):
            connection = self.controller.connection()
            for namespace in self.namespaces[number::WRITERS]:
                connection.ask("POST", "/api/v1/namespaces", {
                    "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        in_threads(WRITERS, work)

        def fill(number):
            connection = self.controller.connection()
            for namespace, name in self.places[number::WRITERS]:
                connection.ask("POST", f"{GROUP}/namespaces/{namespace}/experiments", experiment(name))
        in_threads(WRITERS, fill)

    def change(self, rate, seconds):
        """At an even rate, whatever the answers take, by writers that each have resources of their own. Returns the
        time it took and how long the calls took, in milliseconds."""
        total, begun, calls = rate * seconds, time.monotonic(), []

        def work(number):
            connection = self.controller.connection()
            for index in range(number, total, WRITERS):
                namespace, name = self.places[index % len(self.places)]
                wait = begun + index / rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                count = self.counts.get((namespace, name), 0) + 1
                self.counts[namespace, name] = count
                at = time.monotonic_ns()
                connection.ask(
                    "PATCH", f"{GROUP}/namespaces/{namespace}/experiments/{name}",
                    {"metadata": {"annotations": {"bench.example/sent": f"{name} {count} {at}"}}},
                    "application/merge-patch+json")
                calls.append((time.monotonic_ns() - at) / 1e6)
        in_threads(WRITERS, work)
        return time.monotonic() - begun, calls

    def paths(self, watchers, version):
        return [f"{GROUP}/namespaces/{self.namespaces[i % len(self.namespaces)]}/experiments?watch=1"
                f"&resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=3600" for i in range(watchers)]

    def wanted(self):
        wanted = {}
        for (namespace, name), count in self.counts.items():
            wanted.setdefault(namespace, {})[name] = count
        return wanted


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


def spread(values):
    return ", ".join(f"{name} {percentile(values, part):.1f} ms"
                     for name, part in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1)))


def commit_times(folder):
    """When each version was written, in nanoseconds since 1970, as the store's own log says."""
    path = os.path.join(folder, "data", "rebound.db")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return dict(database.execute("SELECT version, at_nanoseconds FROM changes"))
    finally:
        database.close()


class Measured:
    """One plan, carried out."""

    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.controller = Controller(arguments.program, folder)

    def run(self):
        world = World(self.controller, self.arguments.mode, self.arguments.watchers)
        world.make()
        version = self.controller.connection().get(f"{GROUP}/experiments?limit=1")["metadata"]["resourceVersion"]
        self.before = self.controller.memory()
        client = self.watch(world.paths(self.arguments.watchers, version))
        try:
            time.sleep(2)
            self.waiting = self.controller.memory()
            self.load(world, client)
            commits = commit_times(self.folder)
        finally:
            client.kill()
            client.wait()
        return self.report(commits)

    def watch(self, paths):
        plan = os.path.join(self.folder, "plan.json")
        self.output = os.path.join(self.folder, "seen.json")
        with open(plan, "w") as file:
            json.dump({
                "port": self.controller.port, "paths": paths, "plain": self.arguments.plain, "streams": STREAMS,
                "authority": self.controller.path("ca.pem"), "certificate": self.controller.path("certificate.pem"),
                "key": self.controller.path("key.pem"), "output": self.output}, file)
        begun = time.monotonic()
        client = subprocess.Popen([sys.executable, os.path.join(HERE, "client", "watchers.py"), plan],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if client.stdout.readline() != "ready\n":
            client.kill()
            raise SystemExit("the watches were not opened")
        self.opening = time.monotonic() - begun
        return client

    def load(self, world, client):
        used, begun = self.controller.processor_seconds(), time.monotonic()
        own = resource.getrusage(resource.RUSAGE_SELF)
        self.took, self.calls = world.change(self.arguments.rate, self.arguments.seconds)
        client.stdin.write(json.dumps(world.wanted()) + "\n")
        client.stdin.flush()
        if client.stdout.readline() != "done\n":
            raise SystemExit("the watching client ended early")
        self.length = time.monotonic() - begun
        now = resource.getrusage(resource.RUSAGE_SELF)
        self.cpu = self.controller.processor_seconds() - used
        self.writerCPU = now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime

    def report(self, commits):
        with open(self.output) as file:
            seen = json.load(file)
        arguments = self.arguments
        whole = [(at - sent) / 1e6 for sent, at in zip(seen["sent"], seen["times"])]
        delays = [(at + seen["wallOffset"] - commits[version]) / 1e6
                  for version, at in zip(seen["versions"], seen["times"]) if version in commits]
        rate = len(self.calls) / self.took
        print(f"--- {arguments.watchers} watches ({arguments.plain} on HTTP/1.1, the others as streams of HTTP/2; "
              f"{seen['connections']} connections, opened in {self.opening:.1f} s); each sees "
              f"{'its own changes' if arguments.mode == 'own' else 'every change'}")
        print(f"changes: {rate:.1f}/s of {arguments.rate}/s wanted, for {self.took:.1f} s; a write took "
              f"{spread(self.calls)}")
        print(f"events: {len(whole)} of {seen['expected']}, {len(whole) / self.took:.0f}/s; wrong: "
              f"{seen['wrongCount']} {seen['wrongs'][:3] if seen['wrongs'] else ''}; bookmarks: {seen['bookmarks']}")
        print(f"from the store's own time of the write to the watcher: {spread(delays)}")
        print(f"from before the request to the watcher:                {spread(whole)}")
        print(f"memory of the controller: {self.before:.0f} MiB before, {self.waiting:.0f} MiB with all waiting, "
              f"{self.controller.memory():.0f} MiB after, {self.controller.memory('VmHWM'):.0f} MiB at most")
        print(f"processor: controller {self.cpu / self.length * 100:.0f} % of a core; watching client "
              f"{seen['cpuSeconds'] / self.length * 100:.0f} %, writers {self.writerCPU / self.length * 100:.0f} %")
        isInTime = rate >= arguments.rate * 0.95
        isSoon = arguments.check is None or percentile(delays, 0.99) <= arguments.check
        return not seen["wrongCount"] and isInTime and isSoon


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("mode", choices=["own", "all"])
    for name, value in (("watchers", 3000), ("plain", 300), ("rate", 200), ("seconds", 20)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--check", type=float)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rebound-watchers-") as folder:
        measured = Measured(arguments, folder)
        try:
            isGood = measured.run()
        finally:
            measured.controller.stop()
    sys.exit(0 if isGood else 1)


if __name__ == "__main__":
    main()
