#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server on 127.0.0.1 that goes away and comes back, and says when on CLOCK_MONOTONIC.

Usage: ground_truth.py PORT OUTAGES SEED refuse|hang

It prints "ready", then one line of JSON per outage: {"closed": [before, after], "opened": [before, after]},
nanoseconds read right before and after the call that made it so, then "end", and serves on for two seconds.
"refuse" closes the listener and opens a new one; "hang" keeps the listener and stops answering, so that connections
stand and wait.
"""
import json
import os
import random
import select
import socket
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def listen(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    before = now()
    listener.listen(1024)
    after = now()
    listener.setblocking(False)
    return listener, [before, after]


def answer(connection):
    with connection:
        connection.settimeout(0.2)
        try:
            if connection.recv(4096):
                connection.sendall(ANSWER)
        except OSError:
            pass  # The probe went away; that is its own affair.


def serve(listener, until):
    """Answers one connection after another until the instant."""
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    while (left := until - now()) > 0:
        if not poller.poll(left / 1e6):
            continue
        try:
            connection, _ = listener.accept()
        except OSError:
            continue  # It was reset before it was taken.
        answer(connection)


def sleep_until(instant):
    while (left := instant - now()) > 0:
        time.sleep(left / 1e9)


def outage(listener, port, nanoseconds, kind):
    before = now()
    if kind == "refuse":
        listener.close()
    closed = [before, now()]
    sleep_until(closed[1] + nanoseconds)
    if kind == "refuse":
        listener, opened = listen(port)
    else:
        instant = now()
        opened = [instant, instant]
    return listener, {"closed": closed, "opened": opened}


def run_before_others():
    """A server that waits for a processor would be an outage of its own."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass  # It then needs a machine that is not busy.


def main():
    run_before_others()
    port, outages, seed, kind = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    chance = random.Random(seed)
    listener, _ = listen(port)
    print("ready", flush=True)
    serve(listener, now() + 1_000_000_000)
    for _ in range(outages):
        listener, truth = outage(listener, port, chance.randint(200_000_000, 3_000_000_000), kind)
        print(json.dumps(truth), flush=True)
        serve(listener, now() + chance.randint(500_000_000, 1_500_000_000))
    print("end", flush=True)
    serve(listener, now() + 2_000_000_000)


main()
