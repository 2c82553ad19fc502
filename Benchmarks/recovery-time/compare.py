# SPDX-License-Identifier: Apache-2.0
"""Runs the same job with a boto3 script, with Chaos Toolkit and with Rebound on one local fleet, and compares what
each says the recovery took with what it really took (the fleet's truth), and what each cost.

Runs inside `fleet run` (see `run`). Each round asks all of them, in an order drawn by chance. Cost is that of the whole
process tree: CPU and peak memory as wait4(2) gives them, and the wall time beyond the real recovery and the waiting
that the job itself asks for.
"""
import argparse
import datetime
import json
import os
import random
import statistics
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BENCH_BIN = os.path.join(ROOT, ".build", "bench-venv", "bin")
ASKED_WAITING = {"boto3 script": 0.0, "Chaos Toolkit": 0.0, "Rebound": 4.0}    # Rebound: baseline 1 s, stableFor 3 s


class Truth:
    def __init__(self):
        self.endpoint = os.environ["AWS_ENDPOINT_URL"]

    def get(self, path):
        with urllib.request.urlopen(f"{self.endpoint}/fleet/{path}", timeout=120) as answer:
            return json.load(answer)

    def until_whole(self):
        deadline = time.monotonic() + 120
        while not self.get("state")["groups"][0]["whole"]:
            if time.monotonic() > deadline:
                raise SystemExit("the fleet does not get whole")
            time.sleep(0.05)

    def recovery(self, since_ns):
        """Seconds from the death of the victim until the group had all its members in service again."""
        return self.get(f"wait?ev=capacity&after={since_ns}&timeout=60")["recovery_ms"] / 1000


def run_measured(argv, folder):
    """Runs a command; returns (its output, wall seconds, CPU seconds, peak MiB) of it and all it waited for."""
    out, err = os.path.join(folder, "stdout"), os.path.join(folder, "stderr")
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        os.chdir(folder)
        try:
            os.execve(argv[0], argv, {**os.environ, "XDG_STATE_HOME": folder, "HOME": folder, "NO_COLOR": "1"})
        except OSError as error:
            os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(127)
    _, status, used = os.wait4(child, 0)
    wall = time.monotonic() - begun
    if status != 0:
        with open(err) as file:
            raise SystemExit(f"{' '.join(argv)} ended with {os.waitstatus_to_exitcode(status)}:\n{file.read()[-2000:]}")
    with open(out) as file:
        return file.read(), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def with_boto3(folder):
    output, *cost = run_measured([os.path.join(BENCH_BIN, "python3"), os.path.join(HERE, "with_boto3.py")], folder)
    return json.loads(output)["recovery_seconds"], cost


def with_chaostoolkit(folder):
    journal = os.path.join(folder, "journal.json")
    _, *cost = run_measured([os.path.join(BENCH_BIN, "python3"), os.path.join(BENCH_BIN, "chaos"), "--no-version-check",
                             "run", "--journal-path", journal, os.path.join(HERE, "chaostoolkit.json")], folder)
    with open(journal) as file:
        steps = {s["activity"]["name"]: s for s in json.load(file)["run"]}
    # From the end of its action: the beginning would add its own look-ups to the recovery.
    return seconds(steps["recovered"]["end"]) - seconds(steps["terminate"]["end"]), cost


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def with_rebound(folder):
    program = os.path.abspath(os.environ.get("REBOUND", os.path.join(ROOT, ".build", "release", "rebound")))
    output, *cost = run_measured([program, "run", "-f", os.path.join(HERE, "experiment.yaml"), "-o", "json"], folder)
    return json.loads(output)["status"]["recovery"]["timeToRecover"]["seconds"], cost


TOOLS = {"boto3 script": with_boto3, "Chaos Toolkit": with_chaostoolkit, "Rebound": with_rebound}


def measure(name, truth):
    with tempfile.TemporaryDirectory(prefix="recovery-time-") as folder:
        truth.until_whole()
        since = time.monotonic_ns()
        said, (wall, cpu, peak) = TOOLS[name](folder)
        real = truth.recovery(since)
    return {"tool": name, "real": real, "said": said, "error": said - real, "cpu": cpu, "peak": peak,
            "overhead": wall - real - ASKED_WAITING[name]}


def table(results, names):
    def middle(name, field):
        return statistics.median(r[field] for r in results if r["tool"] == name)

    rows = [("", "error, median", "worst", "CPU", "peak memory", "wall beyond recovery")]
    for name in names:
        worst = max((r["error"] for r in results if r["tool"] == name), key=abs)
        rows.append((name, f"{middle(name, 'error'):+.3f} s", f"{worst:+.3f} s", f"{middle(name, 'cpu'):.2f} s",
                     f"{middle(name, 'peak'):.1f} MiB", f"{middle(name, 'overhead'):+.2f} s"))
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--rounds", type=int, default=5, help="repetitions of each (default: 5)")
    parser.add_argument("--only", action="append", choices=list(TOOLS), help="leave the others out")
    parser.add_argument("--json", metavar="FILE", help="write every measurement there")
    arguments = parser.parse_args()
    names, truth, results = arguments.only or list(TOOLS), Truth(), []
    for number in range(1, arguments.rounds + 1):
        for name in random.sample(names, len(names)):
            results.append(measure(name, truth))
            last = results[-1]
            print(f"round {number}: {name}: real {last['real']:.3f} s, said {last['said']:.3f} s", file=sys.stderr)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(results, file, indent=2)
    print(f"Recovery of an Auto Scaling group from the loss of one member, {arguments.rounds} rounds, medians:")
    print(table(results, names))


if __name__ == "__main__":
    main()
