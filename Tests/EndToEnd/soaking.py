# SPDX-License-Identifier: Apache-2.0
"""Looks at a process and its store from outside, again and again, and says what of it grows."""
import os
import re
import sqlite3

TABLES = ("resources", "changes", "owners", "reservations", "finished_runs", "outbox", "measurements", "leases")
# The record of what was done is never shortened; its rows, the index over them and half-filled pages.
AUDIT_BYTES = "SELECT count(*), coalesce(sum(length(record) + length(hash) + 16), 0) FROM audit"
AUDIT_OVERHEAD = 1.3


def look(pid, store):
    """What the process and its store hold now, as plain numbers."""
    with open(f"/proc/{pid}/status") as file:
        status = file.read()
    seen = {
        "memoryMiB": int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024,
        "threads": int(re.search(r"Threads:\s+(\d+)", status).group(1)),
        "files": len(os.listdir(f"/proc/{pid}/fd")),
        "logMiB": os.path.getsize(store + "-wal") / 2**20 if os.path.exists(store + "-wal") else 0}
    database = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=10)
    try:
        for table in TABLES:
            seen[table] = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        seen["auditRecords"], audit = database.execute(AUDIT_BYTES).fetchone()
    finally:
        database.close()
    seen["fileMiB"] = os.path.getsize(store) / 2**20
    seen["restMiB"] = seen["fileMiB"] - audit * AUDIT_OVERHEAD / 2**20
    return seen


def growth(values):
    """How much the values grow from their first to their last by the straight line of the least squares."""
    count = len(values)
    middle, mean = (count - 1) / 2, sum(values) / count
    spread = sum((i - middle) ** 2 for i in range(count))
    return sum((i - middle) * (value - mean) for i, value in enumerate(values)) / spread * (count - 1)


class Bound:
    """What may grow within the last two thirds: so much, and so large a part of its mean."""

    def __init__(self, name, least, part):
        self.name, self.least, self.part = name, least, part

    def breach(self, samples):
        """What is wrong, in words; None when it is flat."""
        values = [sample[self.name] for sample in samples[len(samples) // 3:]]
        grown, allowed = growth(values), self.least + self.part * sum(values) / len(values)
        if grown <= allowed:
            return None
        return (f"{self.name} grew by {grown:.1f} (from {values[0]:.1f} to {values[-1]:.1f}) in the last two thirds; "
                f"{allowed:.1f} may be noise")


# Memory is given back late and in large pieces, and every table breathes between two rounds of upkeep.
BOUNDS = [Bound("memoryMiB", 4, 0.05), Bound("restMiB", 1, 0.15), Bound("logMiB", 2, 0.25), Bound("threads", 4, 0.1),
          Bound("files", 4, 0.1), *(Bound(table, 30, 0.25) for table in TABLES)]


def breaches(samples):
    return [breach for breach in (bound.breach(samples) for bound in BOUNDS) if breach]
