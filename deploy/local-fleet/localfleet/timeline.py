# SPDX-License-Identifier: Apache-2.0
"""What must happen later: one thread that runs delayed and repeated work in time order, holding the world's lock."""
import heapq
import itertools
import random
import sys
import threading
import time
import traceback


class Timeline:
    """All changes of the played AWS happen under `lock`: in an API call's thread, or here."""

    def __init__(self, jitter=0.0, seed=None):
        self.lock = threading.RLock()
        self.jitter = jitter
        self.random = random.Random(seed)
        self._due = []
        self._wake = threading.Condition()
        self._order = itertools.count()
        self._stopped = False

    def stretched(self, seconds):
        """`seconds`, made up to `jitter` (a fraction) shorter or longer by chance."""
        return max(0.0, seconds * (1 + self.jitter * (2 * self.random.random() - 1)))

    def after(self, seconds, work, *arguments):
        """Runs `work` once, `seconds` (with jitter) from now."""
        self._add(self.stretched(seconds), work, arguments)

    def every(self, seconds, work):
        """Runs `work` again and again, `seconds` after it last ended."""
        def again():
            try:
                work()
            finally:
                self._add(seconds, again, ())
        self._add(seconds, again, ())

    def _add(self, seconds, work, arguments):
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), work, arguments))
            self._wake.notify()

    def start(self):
        threading.Thread(target=self._run, name="timeline", daemon=True).start()

    def stop(self):
        with self._wake:
            self._stopped = True
            self._wake.notify()

    def _run(self):
        while True:
            with self._wake:
                while not self._stopped and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._stopped:
                    return
                _, _, work, arguments = heapq.heappop(self._due)
            try:
                with self.lock:
                    work(*arguments)
            except Exception:  # one broken step must not stop the clock; it is shown and the tests look for it
                print("timeline: a step failed", file=sys.stderr)
                traceback.print_exc()
