# SPDX-License-Identifier: Apache-2.0
"""Opens watches and notes what comes: a process of its own, so that its processor time is not the writer's.

    watchers.py PLAN        PLAN is a file with a JSON object: see `main`

Says `ready` on standard output when every watch is answered, goes on until a line with how often each resource was
changed (JSON) comes on standard input and everything is there or the time is over, and prints what was seen.
"""
import array
import asyncio
import json
import resource
import ssl
import sys
import time

from frames import HTTP1Watch, HTTP2Watches

LONGEST_WAIT = 60          # seconds after the last write until what is missing counts as lost
MARK = b'"bench.example/sent":"'
VERSION = b'"resourceVersion":"'


def text_after(data, mark):
    start = data.find(mark)
    if start < 0:
        return None
    start += len(mark)
    return data[start:data.index(b'"', start)]


class Watcher:
    """One watch: the events must come in the order of their versions, and each change of each resource once."""

    def __init__(self, path, book):
        self.path, self.book = path.encode(), book
        self.version, self.counts, self.isEnded, self.isBegun = 0, {}, False, False

    def begun(self):
        self.isBegun = True
        self.book.begun += 1

    def ended(self, why):
        if not self.isEnded and not self.book.isOver:
            self.isEnded = True
            self.book.wrong(f"{self.path.decode()}: {why}")

    def event(self, line, now):
        if line.startswith(b'{"type":"BOOKMARK"'):
            self.book.bookmarks += 1
            return
        sent = text_after(line, MARK)
        if not line.startswith(b'{"type":"MODIFIED"') or sent is None:
            self.book.wrong(f"an event that nobody wrote: {line[:200]}")
            return
        name, number, at = sent.split(b" ")
        version = int(text_after(line, VERSION))
        if version <= self.version:
            self.book.wrong(f"version {version} after {self.version}")
        self.version = version
        before = self.counts.get(name, 0)
        if int(number) != before + 1:
            self.book.wrong(f"change {int(number)} of {name.decode()} after {before}")
        self.counts[name] = int(number)
        self.book.arrived(int(at), version, now)


class Book:
    """What all watchers saw."""

    def __init__(self):
        self.begun = self.bookmarks = 0
        self.isOver = False
        self.wrongs = []
        self.sent, self.versions, self.times = array.array("q"), array.array("q"), array.array("q")

    def wrong(self, what):
        self.wrongs.append(what)

    def arrived(self, sent, version, now):
        self.sent.append(sent)
        self.versions.append(version)
        self.times.append(now)


async def open_all(plan, book, watchers):
    """So many connections of each kind; on one of HTTP/2 as many watches as a server must at least be able to take."""
    loop = asyncio.get_running_loop()
    host = f"127.0.0.1:{plan['port']}".encode()
    split = len(watchers) - plan["plain"]
    streams = plan["streams"]
    groups = [(HTTP2Watches, "h2", watchers[i:min(i + streams, split)]) for i in range(0, split, streams)]
    groups += [(HTTP1Watch, "http/1.1", [watcher]) for watcher in watchers[split:]]
    for kind, protocol, some in groups:
        context = ssl.create_default_context(cafile=plan["authority"])
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(plan["certificate"], plan["key"])
        context.set_alpn_protocols([protocol])
        transport, _ = await loop.create_connection(
            lambda kind=kind, some=some: kind(host, some, time.monotonic_ns), "127.0.0.1", plan["port"], ssl=context)
        chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if chosen != protocol:
            raise SystemExit(f"the server chose {chosen}, not {protocol}")
    while book.begun < len(watchers):
        if book.wrongs:
            raise SystemExit(f"{len(book.wrongs)} watches were refused: {book.wrongs[0]}")
        await asyncio.sleep(0.02)
    return len(groups)


def check_complete(watchers, wanted, book):
    """Each watcher has seen the last change of each resource that it watches. Says how many events are missing."""
    missing = 0
    for watcher in watchers:
        namespace = watcher.path.decode().split("/namespaces/")[1].split("/")[0]
        for name, count in wanted.get(namespace, {}).items():
            missing += count - watcher.counts.get(name.encode(), 0)
    if missing:
        book.wrong(f"{missing} events never came")
    return missing


async def main(plan):
    book = Book()
    watchers = [Watcher(path, book) for path in plan["paths"]]
    connections = await open_all(plan, book, watchers)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    reading = loop.run_in_executor(None, sys.stdin.readline)
    begun = resource.getrusage(resource.RUSAGE_SELF)
    wanted = json.loads(await reading)
    expected = sum(sum(wanted.get(w.path.decode().split("/namespaces/")[1].split("/")[0], {}).values())
                   for w in watchers)
    deadline = time.monotonic() + LONGEST_WAIT
    while len(book.times) < expected and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)          # for events that should not come
    book.isOver = True
    missing = check_complete(watchers, wanted, book)
    ended = resource.getrusage(resource.RUSAGE_SELF)
    offset = time.time_ns() - time.monotonic_ns()
    with open(plan["output"], "w") as file:
        json.dump({
            "connections": connections, "expected": expected, "missing": missing, "wrongs": book.wrongs[:20],
            "wrongCount": len(book.wrongs), "bookmarks": book.bookmarks,
            "cpuSeconds": ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime, "wallOffset": offset,
            "sent": book.sent.tolist(), "versions": book.versions.tolist(), "times": book.times.tolist()}, file)
    print("done", flush=True)


if __name__ == "__main__":
    with open(sys.argv[1]) as given:
        asyncio.run(main(json.load(given)))
