# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that closes and opens its listener on a schedule, and writes down when, on CLOCK_MONOTONIC.

    flapping_server.py SEED OUTAGES

Prints its port, serves, and begins to flap when a line comes in. Then one line of JSON for each outage: the instants
just before and just after its listener was closed, and again for opening it; at last `over`. It serves until its input
ends.
"""
import json
import random
import select
import socket
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def listen(port):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    before = time.monotonic_ns()
    listener.listen(512)
    return listener, (before, time.monotonic_ns())


def answer(listener, until, ends=None):
    """Serves until that instant, or until `ends` can be read. Each connection gets its answer and is closed."""
    while True:
        left = 3_600 if until is None else until - time.monotonic()
        if left <= 0:
            return
        ready, _, _ = select.select([listener] + ([ends] if ends else []), [], [], left)
        if ends in ready:
            return
        if ready:
            connection, _ = listener.accept()
            connection.settimeout(5)
            with connection:
                try:
                    connection.recv(4_096)
                    connection.sendall(ANSWER)
                except OSError:
                    pass        # the prober went away


def main():
    chance, outages = random.Random(int(sys.argv[1])), int(sys.argv[2])
    listener, _ = listen(0)
    port = listener.getsockname()[1]
    print(port, flush=True)
    answer(listener, None, sys.stdin)
    sys.stdin.readline()
    for _ in range(outages):
        answer(listener, time.monotonic() + chance.uniform(0.3, 0.6))
        before = time.monotonic_ns()
        listener.close()
        closed = (before, time.monotonic_ns())
        time.sleep(chance.uniform(0.12, 0.6))       # the outage itself, not a wait for something
        listener, opened = listen(port)
        print(json.dumps({"closed": closed, "opened": opened}), flush=True)
    print("over", flush=True)
    answer(listener, None, sys.stdin)


if __name__ == "__main__":
    main()
