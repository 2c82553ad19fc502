# SPDX-License-Identifier: Apache-2.0
"""The ground truth: one JSON line for each thing that really happened, with the instant it happened.

`t_ns` is CLOCK_MONOTONIC in nanoseconds, the clock every process on this machine shares; `wall` is the same instant
as RFC 3339. Lines are in the order they became known: a death noted by the keeper may be written a millisecond after
a later API call. Sort by `t_ns` when the order matters.
"""
import collections
import datetime
import json
import threading
import time

KEPT_IN_MEMORY = 20_000


def wall_time(t_ns):
    """The wall clock's reading at a monotonic instant, RFC 3339 with nanoseconds, UTC."""
    epoch_ns = time.time_ns() - (time.monotonic_ns() - t_ns)
    seconds, rest = divmod(epoch_ns, 1_000_000_000)
    stamp = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class Journal:
    """An append-only file of JSON lines that is also kept, bounded, in memory for those who ask over HTTP."""

    def __init__(self, path):
        self.path = path
        self._file = open(path, "a", buffering=1)
        self._lock = threading.Lock()
        self._events = collections.deque(maxlen=KEPT_IN_MEMORY)

    def note(self, event, t_ns=None, **fields):
        """Writes one event; without `t_ns` it happened now. Returns its instant."""
        t_ns = time.monotonic_ns() if t_ns is None else t_ns
        entry = {"ev": event, "t_ns": t_ns, "wall": wall_time(t_ns), **fields}
        line = json.dumps(entry, default=str) + "\n"
        with self._lock:
            self._events.append(entry)
            self._file.write(line)
        return t_ns

    def events(self):
        with self._lock:
            return list(self._events)
