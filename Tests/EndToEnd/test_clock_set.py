# SPDX-License-Identifier: Apache-2.0
"""`rebound-controller serve` under a wall clock that is set back and far ahead while it works. Only the wall
clock of that process is set (wall_clock.c); CLOCK_MONOTONIC stays the machine's own, as when an operator sets it."""
import datetime
import json
import os
import re
import shutil
import ssl
import struct
import subprocess
import time
import unittest

from controlling import Caller, ServiceCase
from driving import INCONCLUSIVE, LIFETIME, PASS, Done, Driver, nanoseconds, program
from test_service import stop_one

HERE = os.path.dirname(os.path.abspath(__file__))
HOUR, DAY = 3600, 86_400


class ClockCase(ServiceCase):
    options = ("--standalone=2",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.library = os.path.join(cls.folder.name, "wall_clock.so")
        compiler = shutil.which("clang") or shutil.which("cc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", cls.library,
                        os.path.join(HERE, "wall_clock.c")], check=True)

    def setUp(self):
        super().setUp()
        self.offset = os.path.join(self.work.name, "clock")
        with open(self.offset, "wb") as file:
            file.write(bytes(8))

    def set_clock(self, seconds):
        """From now on the controller's date is so far from the true one."""
        with open(self.offset, "r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))

    def environment(self, endpoint=None, **more):
        faked = {} if more.pop("true_clock", None) else {
            "LD_PRELOAD": self.library, "REBOUND_TEST_CLOCK": self.offset}
        return super().environment(endpoint, **{**faked, **more})

    def rebound(self, *arguments, endpoint=None):
        driver = Driver([program("rebound"), *arguments], self.environment(endpoint, true_clock=True))
        self.addCleanup(driver.kill)
        return driver.end()

    def use_token(self, lifetime):
        """From now on the caller shows a token: a certificate is not good before the moment of its making."""
        self.caller.token = self.caller.ask("POST", f"{self.resources}/credentials", {
            "name": "ci", "groups": ["rebound:admins"], "lifetime": lifetime, "purpose": "a test"})["token"]

    def check_audit(self):
        store = os.path.join(self.data, "rebound.db")
        done = self.rebound("audit", "verify", "--store", store)
        self.assertEqual(done.code, 0, done)


class SetWhileRunning(ClockCase):
    def one(self, seconds):
        """A run that holds its fault for four seconds, during which the clock is set."""
        self.set_clock(0)
        self.begun = time.monotonic_ns()
        name = self.begin("held")
        self.until_phase(name, "Holding")
        self.set_clock(seconds)
        run = self.until_phase(name, "Done")
        status = run["status"]
        self.assertEqual(status["undo"], "clean", status)
        self.assert_passed(Done(PASS if status["verdict"] == "pass" else INCONCLUSIVE, json.dumps(run), ""))
        stop, start = self.acting_calls("StopInstances"), self.acting_calls("StartInstances")
        self.assertEqual((len(stop), len(start)), (1, 1), "once, whatever the clock says")
        held = (start[0]["t_ns"] - stop[0]["t_ns"]) / 1e9
        self.assertGreaterEqual(held, 4)
        self.assertLess(held, 30, "held for its four seconds by the monotonic clock, not for an hour")
        injection, recovery = status["injections"][0], status["recovery"]
        self.assertLess(recovery["timeToRecover"]["high"], 60, recovery)
        order = [nanoseconds(injection[k]) for k in ("acceptedAt", "revertedAt")]
        self.assertEqual(order, sorted(order), injection)
        self.assertAlmostEqual((order[1] - order[0]) / 1e9, held, delta=3)
        times = [nanoseconds(entry["at"]) for entry in status.get("timeline", []) if isinstance(entry.get("at"), str)]
        self.assertEqual(times, sorted(times), status["timeline"])
        since = status["phaseSince"]
        phases = [nanoseconds(since[p]) for p in (
            "Injecting", "Holding", "Reverting", "Recovering", "Reporting", "Done")]
        self.assertEqual(phases, sorted(phases), since)
        self.assertGreaterEqual(nanoseconds(status["endedAt"]), phases[-2])
        self.assertLess((phases[-1] - phases[0]) / 1e9, 90, since)
        return held

    def test_a_run_under_way_is_measured_by_the_monotonic_clock(self):
        driver, _ = self.serving()
        self.use_token("24h")
        self.declare(self.experiment(
            self.fault("ec2.stop", duration="4s", tags={"app": "standalone"}), name="held", probes=[self.calm_probe()]))
        held = [self.one(seconds) for seconds in (-HOUR, HOUR)]
        self.set_clock(0)
        self.stopped(driver)
        self.check_audit()
        self.prove(f"the clock set back and on by an hour during a hold of 4 s: held for "
                   f"{' and '.join(f'{h:.1f} s' for h in held)}, each fault once, times of a run in order, audit whole")


class Schedules(ClockCase):
    def schedule(self):
        return self.caller.ask("GET", self.at("schedules/often"))

    def slots(self):
        return sorted(r["metadata"]["annotations"]["rebound.chaos/slot"] for r in self.runs().values())

    def ready(self):
        conditions = self.schedule().get("status", {}).get("conditions", [])
        return next((c for c in conditions if c["type"] == "Ready"), {"reason": None, "message": ""})

    def until(self, what, holds):
        deadline = time.monotonic() + LIFETIME
        while not holds():
            self.assertLess(time.monotonic(), deadline, f"{what}: {self.schedule()}")
            time.sleep(0.2)

    def test_no_slot_comes_twice_nothing_bursts_and_an_operator_gets_it_going_again(self):
        driver, _ = self.serving()
        self.use_token("8760h")
        self.declare(stop_one(self, "often", "100ms"))
        self.caller.ask("POST", self.at("schedules"), {
            "apiVersion": "rebound.chaos/v1", "kind": "Schedule", "metadata": {"name": "often"},
            "spec": {"experiment": "often", "cron": "* * * * *", "timeZone": "UTC", "startingDeadline": "20s",
                     "concurrency": "allow"}})
        self.until("it follows", lambda: self.ready()["reason"] == "Following")
        self.set_clock(300 * DAY)
        self.until("a slot of the wrong clock", lambda: len(self.slots()) >= 1)
        time.sleep(3)
        burst = self.slots()
        self.assertLessEqual(len(burst), 2, "300 days ahead are no 432,000 slots")
        self.set_clock(0)
        self.until("it waits and says so", lambda: self.ready()["reason"] == "ClockBehind")
        handled = self.schedule()["status"]["handledUntil"]
        said = re.search(r"`kubectl annotate --overwrite schedule often (\S+)=(\S+)`", self.ready()["message"])
        self.assertEqual(said.groups(), ("rebound.chaos/clock-was-ahead", handled))
        count = len(self.slots())
        self.caller.patch(self.at("schedules/often"), {
            "metadata": {"annotations": {said.group(1): said.group(2), "rebound.chaos/reason": "it was wrong"}}})
        self.until("it goes on", lambda: self.ready()["reason"] == "Following")
        self.until("a slot of the true clock", lambda: len(self.slots()) > count)
        slots = self.slots()
        self.assertEqual(len(slots), len(set(slots)))
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertLess(abs(nanoseconds(slots[0]) / 1e9 - now.timestamp()), 300)
        for name in self.runs():
            self.until_phase(name, "Done")
        self.stopped(driver)
        self.check_audit()
        self.prove(f"300 days ahead made {len(burst)} runs and no burst; put right, the schedule said how to go on, "
                   f"and went on: {len(slots)} slots, each once")


class Credentials(ClockCase):
    def shown(self, port):
        """The certificate that the server shows now: until when it is good, by `openssl`."""
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        text = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=pem, text=True, check=True,
                              capture_output=True).stdout
        return datetime.datetime.strptime(text.strip().removeprefix("notAfter="), "%b %d %H:%M:%S %Y %Z")

    def status(self, **headers):
        status, _, text = self.caller.answer("GET", self.at("runs"), **headers)
        return status, json.loads(text).get("message", "")

    def bearer(self, token):
        """Somebody with this token and no certificate."""
        caller = Caller.__new__(Caller)
        caller.port, caller.token = self.caller.port, None
        caller.context = ssl.create_default_context(cafile=os.path.join(self.data, "identity", "authority.crt"))
        status, _, text = caller.answer("GET", self.at("runs"), Authorization=f"Bearer {token}")
        return status, json.loads(text).get("message", "")

    def test_certificates_and_tokens_are_judged_by_the_date_and_the_server_renews_its_own(self):
        driver, port = self.serving()
        token = self.caller.ask("POST", f"{self.resources}/credentials", {
            "name": "ci", "groups": ["rebound:admins"], "lifetime": "1h", "purpose": "a test"})["token"]
        self.assertEqual((self.status()[0], self.bearer(token)[0]), (200, 200))
        before = self.shown(port)
        self.set_clock(-2 * HOUR)
        status, said = self.status()
        self.assertEqual(status, 401, "a certificate from the future is not valid yet")
        self.assertIn("expired", said)
        self.set_clock(2 * HOUR)
        self.assertEqual(self.bearer(token), (401, self.bearer(token)[1]))
        self.assertIn("expired", self.bearer(token)[1])
        self.set_clock(13 * HOUR)
        status, said = self.status()
        self.assertEqual(status, 401)
        self.assertIn("The credential has expired", said)
        self.assertIn("rebound login", said)
        self.set_clock(0)
        self.assertEqual((self.status()[0], self.bearer(token)[0]), (200, 200), "nothing was lost by a wrong clock")
        self.set_clock(31 * DAY)
        self.eventually_slowly("an expired certificate is renewed without a restart",
                               lambda: self.shown(port) > before + datetime.timedelta(days=25))
        self.set_clock(0)
        self.stopped(driver)
        self.check_audit()
        self.prove("expired and not yet valid certificates and tokens: 401 and why, good again with the clock; the "
                   "server's own, expired, was renewed without a restart")

    def eventually_slowly(self, what, holds):
        deadline = time.monotonic() + LIFETIME
        while not holds():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(1)

    def authority(self, *arguments):
        driver = Driver([program("rebound-controller"), "authority", *arguments, "--data-folder", self.data],
                        self.environment(true_clock=True))
        self.addCleanup(driver.kill)
        return driver.end()

    def again(self, driver):
        """Another start, and somebody who trusts what he trusted before."""
        self.stopped(driver)
        return self.serving()[0]

    def login(self):
        """The certificate renews itself, and the contexts learn what to trust now, as `rebound login` does it."""
        folder = os.path.join(self.work.name, f"caller-{time.monotonic_ns()}")
        os.mkdir(folder)
        for name in ("key.pem", "certificate.pem"):
            shutil.copy(self.caller.path(name), folder)
        request = subprocess.run(["openssl", "req", "-new", "-key", self.caller.path("key.pem"), "-subj", "/CN=test"],
                                 check=True, capture_output=True, text=True).stdout
        answer = self.caller.ask("POST", "/login", {"certificateRequest": request})
        with open(os.path.join(folder, "certificate.pem"), "w") as file:
            file.write(answer["certificate"])
        self.caller.folder = folder
        self.caller.context = ssl.create_default_context(cadata=answer["authority"])
        self.caller.context.load_cert_chain(self.caller.path("certificate.pem"), self.caller.path("key.pem"))
        return answer["authority"].count("BEGIN CERTIFICATE")

    def test_one_authority_takes_the_place_of_another_and_nobody_is_locked_out(self):
        driver, _ = self.serving()
        self.assertEqual(self.login(), 1)
        self.assertEqual(self.authority("prepare").code, 0)
        driver = self.again(driver)
        self.assertEqual(self.status()[0], 200)
        self.assertEqual(self.login(), 2, "the contexts carry both")
        self.assertEqual(self.authority("switch").code, 0)
        driver = self.again(driver)
        self.assertEqual(self.status()[0], 200, "the former's certificate is good, and the new server's is trusted")
        self.assertEqual(self.login(), 2)
        self.assertEqual(self.authority("retire").code, 0)
        driver = self.again(driver)
        self.assertEqual(self.status()[0], 200)
        self.assertEqual(self.login(), 1)
        self.stopped(driver)
        self.check_audit()
        self.prove("prepare, switch, retire, with a login after each: the same caller was answered all the while")

    def test_an_expired_authority_keeps_it_from_starting_and_the_way_out_leads_out(self):
        driver, _ = self.serving()
        self.stopped(driver)
        self.set_clock(3_660 * DAY)
        start = Driver([program("rebound-controller"), "serve", "--data-folder", self.data, "--listen", "127.0.0.1:0"],
                       self.environment())
        self.addCleanup(start.kill)
        done = start.end()
        self.assertNotEqual(done.code, 0)
        self.assertRegex(done.said, r"authority.pem expired at .*(?s:.*)rebound-controller authority ticket")
        self.set_clock(0)
        os.unlink(os.path.join(self.data, "identity", "authority.pem"))
        driver, port = self.serving()
        with self.assertRaises(ssl.SSLError):
            self.status()
        asked = self.authority("ticket", "--name", "ana", "--reason", "the authority had expired", "--server",
                               f"https://127.0.0.1:{port}")
        self.assertEqual(asked.code, 0, asked)
        ticket = os.path.join(self.work.name, "ticket")
        with open(ticket, "w") as file:
            file.write(asked.output)
        contexts = os.path.join(self.work.name, "contexts")
        login = self.rebound("login", "--token-file", ticket, "--config", contexts)
        self.assertEqual(login.code, 0, login)
        self.assertEqual(self.rebound("get", "runs", "--config", contexts).code, 0)
        self.assertNotEqual(self.rebound("login", "--token-file", ticket, "--config", contexts).code, 0, "once")
        self.stopped(driver)
        self.check_audit()
        shown = self.rebound("audit", "show", "--store", os.path.join(self.data, "rebound.db"), "-o", "json").output
        self.assertIn("the authority had expired", shown)
        self.prove("an expired authority is a clear error at the start; a new one and a ticket let an admin in, on "
                   "record")


if __name__ == "__main__":
    unittest.main()
