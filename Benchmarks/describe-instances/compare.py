# SPDX-License-Identifier: Apache-2.0
"""Runs both clients on 10 and on 40 stored pages and prints what each cost. usage: compare.py OUR_CLIENT FOLDER"""
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TIMES = 3


def run(command, folder, mode):
    server = subprocess.Popen(
        [sys.executable, HERE / "serve_answers.py", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        endpoint = f"http://127.0.0.1:{int(server.stdout.readline())}"
        runs = [json.loads(subprocess.check_output([*command, endpoint, mode])) for _ in range(TIMES)]
    finally:
        server.stdin.close()
        server.wait()
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def main(ours, folder):
    clients = {"rebound": [ours], "boto3": [sys.executable, HERE / "list_with_boto3.py"]}
    folders = {10: f"{folder}/10", 40: f"{folder}/40"}
    print(f"medians of {TIMES} runs; CPU of the client process around the listing, user and system")
    print(f"{'client':8} {'pages':>5} {'mode':>4} {'instances':>9} {'CPU s':>7} {'ms/inst':>8} "
          f"{'before MiB':>10} {'peak MiB':>8}")
    found = {}
    for name, command in clients.items():
        for pages, mode in ((10, "keep"), (10, "drop"), (40, "drop"), (40, "keep")):
            result = found[name, pages, mode] = run(command, folders[pages], mode)
            if result["instances"] != pages * 1000:
                sys.exit(f"{name} saw {result['instances']} instances of {pages * 1000}")
            print(f"{name:8} {pages:5} {mode:>4} {result['instances']:9.0f} {result['cpu_s']:7.3f} "
                  f"{result['cpu_s'] / pages:8.4f} {result['idle_kib'] / 1024:10.1f} {result['peak_kib'] / 1024:8.1f}")
    ratio = found["boto3", 10, "keep"]["cpu_s"] / found["rebound", 10, "keep"]["cpu_s"]
    growth = (found["rebound", 40, "drop"]["peak_kib"] - found["rebound", 10, "drop"]["peak_kib"]) / 1024
    kept = (found["rebound", 40, "keep"]["peak_kib"] - found["rebound", 10, "keep"]["peak_kib"]) * 1024 / 30000
    print(f"10,000 instances: {ratio:.1f} times less CPU than boto3 (wanted: at least 5)")
    print(f"30 pages more cost {growth:.1f} MiB of peak memory when nothing is kept, "
          f"{kept:.0f} bytes an instance when all are")
    sys.exit(0 if ratio >= 5 and growth < 4 else 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
