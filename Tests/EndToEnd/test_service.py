# SPDX-License-Identifier: Apache-2.0
"""`rebound-controller serve` as a team runs it: one or two on a store, killed, reloaded, halted, told to end."""
import json
import os
import random
import signal
import socket
import time
import unittest

from controlling import ServiceCase
from driving import SIGKILL

SEED = int(os.environ.get("REBOUND_TEST_SEED", "4711"))


def stop_one(case, name, duration):
    """Stops one of the standalone instances for so long."""
    return case.experiment(case.fault("ec2.stop", duration=duration, tags={"app": "standalone"}), name=name)


class TwoControllers(ServiceCase):
    options = ("--standalone=2",)

    def test_each_run_is_driven_by_one_and_taken_over_at_once(self):
        first, first_port = self.serving()
        second, port = self.serving()
        second.until_said("another controller works on the same store")
        self.assertEqual(self.caller.answer("GET", "/healthz")[0], 200)
        name = self.begin(self.declare(stop_one(self, "long", "6s")))
        self.until_phase(name, "Holding")
        drives, other = (first, second) if "phase=Holding" in first.said else (second, first)
        other.until_said("a run is driven by another controller.*" + name)
        self.caller.port = port if other is second else first_port
        self.stopped(drives)
        gone = time.monotonic()
        other.until_said("a run is driven here now.*" + name)
        taken = time.monotonic() - gone
        run = self.until_phase(name, "Done")
        self.assertEqual(run["status"]["undo"], "clean", run["status"])
        self.assertEqual(len(self.acting_calls("StopInstances")), 1)
        self.assertEqual(len(self.acting_calls("StartInstances")), 1)
        if other is second:
            second.until_said("this is now the first controller")
        self.stopped(other)
        self.prove(f"two controllers on one store say so; the other took the run over {taken:.1f} s after a SIGTERM")


class KilledUnderLoad(ServiceCase):
    options = ("--standalone=4",)
    kills = 8

    def test_kills(self):
        chance = random.Random(SEED)
        driver, _ = self.serving()
        experiment = self.declare(stop_one(self, "load", "1s"))
        names = []
        for _ in range(self.kills):
            names.append(self.begin(experiment))
            time.sleep(chance.uniform(0, 1))             # the random moment itself
            driver.signal(SIGKILL)
            driver.process.wait()
            driver, _ = self.serving()
            self.assertEqual(self.caller.answer("GET", "/healthz")[0], 200)
        runs = [self.until_phase(name, "Done")["status"] for name in names]
        self.assertEqual({r["undo"] for r in runs} - {"clean", "none"}, set(), f"seed {SEED}")
        harmed = [i for r in runs for i in r["injections"] if i["state"] == "reverted"]
        self.assertGreaterEqual(len(harmed), 1)
        self.assertEqual(len(self.acting_calls("StopInstances")), len(harmed), f"seed {SEED}: each fault once")
        for injection in harmed:
            self.assertEqual(self.state_of(injection["target"]), "running")
        self.stopped(driver)
        self.prove(f"{self.kills} kills under load (seed {SEED}): {len(names)} runs done, {len(harmed)} faults, each "
                   "once and undone")


class Operated(ServiceCase):
    options = ("--standalone=1",)

    def notifications(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(os.path.join(self.work.name, "notify"))
        manager.settimeout(30)
        self.addCleanup(manager.close)
        return manager

    @staticmethod
    def until_told(manager, word):
        while True:
            lines = manager.recv(4096).decode().split("\n")
            if word in lines:
                return lines

    def configure(self, text):
        path = os.path.join(self.work.name, "controller.yaml")
        with open(path, "w") as file:
            file.write("apiVersion: rebound.chaos/v1\nkind: ControllerConfiguration\n" + text)
        return path

    def test_a_service_manager_is_told_and_a_reload_takes_over_what_it_can(self):
        manager = self.notifications()
        path = self.configure("log: { format: json }\n")
        driver, _ = self.serving("--config", path, NOTIFY_SOCKET=os.path.join(self.work.name, "notify"),
                                 WATCHDOG_USEC="400000")
        self.until_told(manager, "READY=1")
        self.until_told(manager, "WATCHDOG=1")
        self.configure("log: { format: json, level: debug }\nshutdownGrace: 3s\n")
        driver.signal(signal.SIGHUP)
        reloading = self.until_told(manager, "RELOADING=1")
        self.assertRegex("\n".join(reloading), r"MONOTONIC_USEC=\d+")
        self.until_told(manager, "READY=1")
        driver.until_said('"fields":"shutdownGrace"')
        self.configure("lgo: { level: debug }\n")
        driver.signal(signal.SIGHUP)
        driver.until_said("did you mean log")
        done = self.stopped(driver)
        self.until_told(manager, "STOPPING=1")
        lines = [json.loads(line) for line in done.said.split("\n")]
        self.assertTrue(all({"time", "level", "message"} <= line.keys() for line in lines))
        self.prove("READY, WATCHDOG, RELOADING and STOPPING arrive; a reload changes what it can and says the rest")

    def test_what_prometheus_reads_is_what_happened(self):
        driver, _ = self.serving()
        name = self.begin(self.declare(stop_one(self, "measured", "500ms")))
        self.until_phase(name, "Done")
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        status, headers, text = self.caller.answer("GET", "/metrics", **accept)
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("application/openmetrics-text"))
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
        samples = {(s.name, tuple(sorted(s.labels.items()))): s
                   for family in text_string_to_metric_families(text) for s in family.samples}
        value = {key: sample.value for key, sample in samples.items()}
        self.assertEqual(value["rebound_runs", (("phase", "Done"),)], 1)
        self.assertEqual(value["rebound_runs_ended_total", (("undo", "clean"), ("verdict", "pass"))], 1)
        self.assertGreaterEqual(value["rebound_aws_attempts_total", (("outcome", "ok"), ("service", "ec2"))], 5)
        recovery = [s for (n, _), s in samples.items() if n == "rebound_run_time_to_recover_seconds_bucket"]
        exemplars = [s.exemplar.labels["run"] for s in recovery if s.exemplar]
        self.assertEqual(exemplars, [name])
        self.stopped(driver)
        self.prove("what /metrics says of a run, its calls and its recovery agrees with the run; the exemplar names it")

    def test_a_signal_and_a_file_halt_and_a_resume_ends_it(self):
        driver, _ = self.serving()
        experiment = self.declare(stop_one(self, "halted", "60s"))
        name = self.begin(experiment)
        self.until_phase(name, "Holding")
        driver.signal(signal.SIGUSR1)
        run = self.until_phase(name, "Done")
        self.assertEqual(run["status"]["undo"], "clean", run["status"])
        blocked = self.until_phase(self.begin(experiment), "Done")
        self.assertEqual(blocked["status"]["injections"], [])
        self.caller.ask("POST", f"{self.resources}/resume", {"reason": "the test goes on"})
        again = self.begin(experiment)
        self.until_phase(again, "Holding")
        with open(os.path.join(self.data, "HALT"), "w") as file:
            file.write("a person\n")
        self.assertEqual(self.until_phase(again, "Done")["status"]["undo"], "clean")
        self.stopped(driver)
        self.prove("SIGUSR1 and the file each ended a run in its hold, undone, and new work was blocked until resume")


if __name__ == "__main__":
    unittest.main()
