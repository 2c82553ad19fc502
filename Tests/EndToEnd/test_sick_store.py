# SPDX-License-Identifier: Apache-2.0
"""`rebound-controller serve` whose disk fills up, turns read-only or is damaged while it holds a fault."""
import json
import os
import subprocess
import unittest

from controlling import ServiceCase
from driving import Driver, program
from test_service import stop_one

MEGABYTE = 1 << 20


@unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
class SickStoreCase(ServiceCase):
    options = ("--standalone=3",)

    def mount(self, *arguments):
        """A file system of this test's own under the data folder."""
        os.makedirs(self.data, mode=0o700, exist_ok=True)
        subprocess.run(["mount", *arguments, self.data], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.data])

    def answers(self, method, path, body=None):
        """Status, and the Status document's message."""
        status, _, text = self.caller.answer(method, path, body)
        return status, json.loads(text).get("message", "") if text.startswith("{") else text

    def refused(self, status, *words):
        """A new run is refused so, with these words in what it says; and nothing was harmed for it."""
        calls = len(self.acting_calls())
        got, said = self.answers("POST", self.at("experiments/long/run"), {"reason": "one more"})
        self.assertEqual(got, status, said)
        for word in words:
            self.assertIn(word, said)
        self.assertEqual(len(self.acting_calls()), calls)

    def until_ready(self, status, word):
        self.eventually(f"/readyz is {status} with {word}", lambda: (lambda a: a[0] == status and word in a[1])(
            self.answers("GET", "/readyz")))

    def held(self, duration="4s"):
        """A run that holds its fault, and is put back after that."""
        self.declare(stop_one(self, "long", duration))
        name = self.begin("long")
        self.until_phase(name, "Holding")
        return name


class FullDisk(SickStoreCase):
    def fill(self):
        """Takes all there is, the last byte too."""
        with open(os.path.join(self.data, "filler"), "wb", buffering=0) as file:
            for size in (MEGABYTE, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def test_new_injections_are_refused_and_what_is_held_is_put_back(self):
        self.mount("-t", "tmpfs", "-o", f"size={64 * MEGABYTE},mode=0700", "tmpfs")
        driver, _ = self.serving()
        self.until_ready(200, "ok")
        name = self.held()
        self.fill()
        self.refused(507, "is full", "Free space")
        self.until_ready(503, "room for new work")
        self.assertEqual(self.caller.answer("GET", "/healthz")[0], 200)
        self.assertEqual(self.answers("POST", self.at("experiments"), stop_one(self, "other", "1s"))[0], 507)
        run = self.until_phase(name, "Done")
        self.assertEqual((run["status"]["undo"], len(self.acting_calls("StartInstances"))), ("clean", 1))
        self.assertEqual(self.state_of(run["status"]["injections"][0]["target"]), "running")
        self.refused(507, "is full")
        halted = self.answers("POST", f"{self.resources}/halt", {"reason": "also on a full disk"})
        self.assertLess(halted[0], 300, f"stopping is always possible: {halted}")
        self.assertLess(self.answers("POST", f"{self.resources}/resume", {"reason": "there is hope"})[0], 300)
        os.unlink(os.path.join(self.data, "filler"))
        self.until_ready(200, "ok")
        again = self.until_phase(self.begin("long"), "Done")
        self.assertEqual((again["status"]["undo"], again["status"]["verdict"]), ("clean", "pass"), again["status"])
        self.assertEqual((len(self.acting_calls("StopInstances")), len(self.acting_calls("StartInstances"))), (2, 2))
        self.stopped(driver)
        self.assertEqual(self.rebound("audit", "verify", "--store", os.path.join(self.data, "rebound.db")).code, 0)
        self.prove("a full disk: 507 and why for new work, /readyz 503, what was held put back, halt and resume taken; "
                   "with room again it goes on by itself, and the audit is whole")


class ReadOnlyDisk(SickStoreCase):
    """A real ext4 that the kernel is told to make read-only, as it does after an error of the disk (ext4(5), abort)."""

    def mounted(self):
        self.mount("-o", "loop,errors=remount-ro", self.image)

    def test_what_is_held_is_put_back_at_once_and_accounted_for_later(self):
        self.image = os.path.join(self.work.name, "disk.img")
        with open(self.image, "wb") as file:
            file.truncate(96 * MEGABYTE)
        subprocess.run(["mkfs.ext4", "-q", "-m0", self.image], check=True)
        self.mounted()
        driver, _ = self.serving()
        name = self.held("40s")
        subprocess.run(["mount", "-o", "remount,abort", self.data], check=True)
        self.eventually("what is held is put back", lambda: len(self.acting_calls("StartInstances")) >= 1)
        stopped, started = (self.acting_calls(c)[0]["t_ns"] for c in ("StopInstances", "StartInstances"))
        self.assertLess((started - stopped) / 1e9, 30, "and not at the end of its hold")
        target = next(iter(self.acted_on("StopInstances")))
        self.eventually("it runs again", lambda: self.state_of(target) == "running")
        self.refused(507, "cannot be written")
        self.until_ready(503, "writing")
        driver.kill()
        subprocess.run(["umount", self.data], check=True)
        self.mounted()
        driver, _ = self.serving()
        run = self.until_phase(name, "Done")
        self.assertEqual(run["status"]["undo"], "clean", run["status"])
        self.assertEqual(len(self.acting_calls("StopInstances")), 1)
        self.assertEqual(self.state_of(target), "running")
        self.stopped(driver)
        self.prove("a disk that turned read-only: what was held was put back at once, new work is refused with why; "
                   "the next controller, on a disk that can be written, ended the run clean")


class DamagedStore(SickStoreCase):
    def test_an_unreadable_store_is_503_and_never_401(self):
        driver, _ = self.serving()
        token = self.caller.ask("POST", f"{self.resources}/credentials", {
            "name": "ci", "groups": ["rebound:admins"], "lifetime": "1h", "purpose": "a test"})["token"]
        store = os.path.join(self.data, "rebound.db")
        for suffix in ("", "-wal"):
            with open(store + suffix, "r+b") as file:
                size = os.fstat(file.fileno()).st_size
                file.write(os.urandom(size))
        seen = set()

        def all_unavailable():
            now = set()
            for headers in ({}, {"Authorization": f"Bearer {token}"}):
                for path in (self.at("runs"), f"{self.resources}/credentials", self.at("experiments/x")):
                    status, _, text = self.caller.answer("GET", path, **headers)
                    now.add(status)
                    if status == 503:
                        self.assertIn("damaged", json.loads(text)["message"])
            seen.update(now)
            return now == {503}
        self.eventually("every answer is 503", all_unavailable)
        self.assertNotIn(401, seen)
        self.assertNotIn(403, seen)
        self.until_ready(503, "store")
        driver.kill()
        start = Driver([program("rebound-controller"), "serve", "--data-folder", self.data, "--listen", "127.0.0.1:0"],
                       self.environment())
        self.addCleanup(start.kill)
        done = start.end()
        self.assertNotEqual(done.code, 0)
        self.assertIn("damaged", done.said)
        self.assertIn("backup", done.said)
        self.prove(f"a store that became unreadable under it was answered {sorted(seen)}, with why, and never 401; the "
                   "next start refuses it and names the way out")


if __name__ == "__main__":
    unittest.main()
