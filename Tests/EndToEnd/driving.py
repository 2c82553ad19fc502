# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: experiments as plain values, the real programs, and questions to the world."""
import atexit
import datetime
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "Tests", "FleetPython"), os.path.join(ROOT, "deploy", "local-fleet")]
from localfleet.keeper import die_with_parent  # noqa: E402
from playing import FleetCase, Unbroken, heed_signals  # noqa: E402

PRODUCTS = os.environ.get("REBOUND_PRODUCTS", os.path.join(ROOT, ".build", "debug"))
LIFETIME = 120          # longer than this is a hang, on the slowest machine
MARK = "REBOUND_TEST_MARK"          # what test_told_to_end knows its descendants by; means nothing to Rebound
ACTING = {
    "TerminateInstances", "StopInstances", "StartInstances", "RebootInstances", "CreateTags",
    "TerminateInstanceInAutoScalingGroup", "SuspendProcesses", "ResumeProcesses", "DetachInstances",
    "SetInstanceHealth", "DeregisterTargets", "RegisterTargets", "PutMetricData"}
PASS, FAIL, USAGE, INCONCLUSIVE, ERROR, UNDO_FAILED = range(6)


def program(name):
    return os.path.join(PRODUCTS, name)


def nanoseconds(text):
    """An RFC 3339 time of Rebound's or of the truth log, as nanoseconds since 1970."""
    whole, fraction = re.fullmatch(r"(.{19})(?:\.(\d{1,9}))?Z", text).groups()
    moment = datetime.datetime.fromisoformat(whole + "+00:00")
    return int(moment.timestamp()) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


class Done:
    """How a command ended: its exit code, what it said, and the run that it printed, if any."""

    def __init__(self, code, output, said):
        self.code, self.output, self.said = code, output, said
        self.run = json.loads(output) if output.startswith("{") else None

    @property
    def status(self):
        return self.run["status"]

    @property
    def name(self):
        return self.run["metadata"]["name"]

    @property
    def injections(self):
        return self.status["injections"]

    @property
    def starved(self):
        """Whether nothing but attempts that could not be made kept this run from its verdict."""
        reasons = self.run and self.status.get("verdictReasons")
        return bool(reasons) and all(
            re.fullmatch(r"[\d.]+ % of the attempts of probe \S+ told nothing", reason) for reason in reasons)

    def monotonic(self, text):
        """One of the run's times on CLOCK_MONOTONIC, the clock of the truth log, through the run's own anchor."""
        anchor = self.status["anchor"]
        return anchor["monotonic"] + nanoseconds(text) - nanoseconds(anchor["wall"])

    def bounds(self, bounded):
        return self.monotonic(bounded["low"]), self.monotonic(bounded["high"])

    def __str__(self):
        run = ""
        if self.run and "status" in self.run:
            status = self.status
            run = (f"verdict {status.get('verdict')} {status.get('verdictReasons')}, undo {status.get('undo')}, "
                   + "; ".join(f"{i['action']} {i['target']} {i['state']} {i.get('message', '')}"
                               for i in status["injections"]))
        return f"exit code {self.code}; {run}\n{self.said[-3000:]}"


class Driver:
    """A command that runs, whose lines on standard error can be waited for."""
    running = set()         # ended with the tests, however they end

    def __init__(self, arguments, environment):
        self.output = tempfile.TemporaryFile("w+")
        # Swift's backtracer would hold the pipes of a driver that is killed in the middle of a crash.
        with Unbroken():
            self.process = subprocess.Popen(
                arguments, env={**environment, "SWIFT_BACKTRACE": "enable=no"}, text=True, stdout=self.output,
                stderr=subprocess.PIPE)
            Driver.running.add(self.process)
        self.lines, self.changed = [], threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def until_said(self, pattern):
        """Waits for a line that matches. Raises when the command ends or nothing comes before that."""
        deadline, seen = time.monotonic() + LIFETIME, 0
        with self.changed:
            while True:
                for line in self.lines[seen:]:
                    if line is None:
                        raise AssertionError(f"ended without saying {pattern!r}:\n{self.said}")
                    if re.search(pattern, line):
                        return line
                seen = len(self.lines)
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    raise AssertionError(f"does not say {pattern!r}:\n{self.said}")

    @property
    def said(self):
        return "\n".join(line for line in self.lines if line is not None)

    def signal(self, number):
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def end(self):
        """Waits until the command ends by itself."""
        try:
            code = self.process.wait(LIFETIME)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"hangs:\n{self.said}") from None
        self.reader.join(LIFETIME)
        self.output.seek(0)
        done = Done(code, self.output.read(), self.said)
        self.close()
        return done

    def kill(self):
        """Ends it with SIGKILL, if it has not ended by itself, and waits until it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(LIFETIME)
        self.close()

    def close(self):
        Driver.running.discard(self.process)
        self.output.close()
        self.process.stderr.close()


@atexit.register
def end_drivers():
    """An interrupt skips the tests' own cleanups."""
    ended = list(Driver.running)
    for process in ended:
        process.kill()
    for process in ended:
        process.wait()


def end_when_told(grace):
    """From now on SIGINT and SIGTERM end the tests, and so does the death of whoever started this process. An exception
    out of a signal's handler can be lost on its way, in a destructor for example; so after `grace` seconds the process
    ends in any case, its commands with it, and its fleet, which is told by the kernel."""
    def by_force():
        end_drivers()
        os._exit(1)

    def told():
        timer = threading.Timer(grace, by_force)
        timer.daemon = True
        timer.start()
    heed_signals(told)
    die_with_parent(os.getppid(), signal.SIGTERM)


class ReboundCase(FleetCase):
    """A fleet, a fresh store for each test, and `rebound` in an environment of its own."""
    maxDiff = None

    @classmethod
    def prove(cls, text):
        """One line about what the tests showed; the runner shows it too."""
        print(f"proved: {text}", file=sys.stderr, flush=True)

    def setUp(self):
        super().setUp()
        self.until_whole()
        self.begun = time.monotonic_ns()
        self.work = tempfile.TemporaryDirectory(prefix="rebound-test-")
        self.addCleanup(self.work.cleanup)
        self.store = os.path.join(self.work.name, "store.db")

    # --- Experiments ---

    def storefront(self, name="storefront", **more):
        return {"name": name, "http": {"url": self.about["loadBalancerURL"], "status": 200, "timeout": "400ms"},
                "every": "20ms", "failureThreshold": 1, "successThreshold": 3, **more}

    def capacity(self, **more):
        return {"name": "capacity",
                "autoScalingGroup": {"name": "web", "inService": "desired", "region": "eu-west-1"},
                "every": "100ms", "failureThreshold": 1, "successThreshold": 1, **more}

    def healthy_targets(self, count):
        return {"name": "targets", "targetGroup": {"targetGroup": "web", "healthy": count, "region": "eu-west-1"},
                "every": "100ms", "failureThreshold": 1, "successThreshold": 1}

    @staticmethod
    def fault(action, duration=None, name="lose-one", pick=None, after=None, **selector):
        kind, _, verb = action.partition(".")
        settings = {"action": verb}
        for key in ("decrementDesiredCapacity", "processes"):
            if key in selector:
                settings[key] = selector.pop(key)
        fault = {"name": name, kind: settings}
        if verb == "suspendProcesses":
            fault["targets"] = {"autoScalingGroup": {"name": "web", "region": "eu-west-1"}}
        else:
            fault["targets"] = {"instances": {"region": "eu-west-1", **selector}, "pick": pick or {"count": 1}}
        if duration:
            fault["duration"] = duration
        if after:
            fault["after"] = after
        return fault

    def experiment(self, *faults, name="test", probes=None, recovery=None, limits=None, **more):
        spec = {
            "hypothesis": "The tests decide.",
            "baseline": {"holdFor": "200ms", "giveUpAfter": "60s"},
            "steadyState": probes or [self.storefront(), self.capacity()],
            "faults": list(faults),
            "limits": limits or {"maxTargets": 3, "minHealthy": 1},
            "recovery": recovery or {"stableFor": "300ms", "giveUpAfter": "60s"},
            "reports": [{"sns": {"topicArn": self.about["topicArn"]}}],
            **more}
        return {"apiVersion": "rebound.chaos/v1", "kind": "Experiment", "metadata": {"name": name}, "spec": spec}

    def write(self, *documents):
        """A manifest: JSON for one document, YAML (of which JSON is a part) for several."""
        path = os.path.join(self.work.name, "experiment.json" if len(documents) == 1 else "experiment.yaml")
        with open(path, "w") as file:
            start = "" if len(documents) == 1 else "---\n"
            file.write("\n".join(start + json.dumps(document) for document in documents))
        return path

    # --- Programs ---

    def environment(self, endpoint=None, **more):
        return {
            "PATH": os.environ["PATH"], "HOME": self.work.name, "AWS_REGION": self.about["region"],
            "AWS_ENDPOINT_URL": endpoint or self.about["endpoint"], "AWS_ACCESS_KEY_ID": self.about["accessKeyID"],
            "AWS_SECRET_ACCESS_KEY": self.about["secretAccessKey"], "AWS_EC2_METADATA_DISABLED": "true",
            MARK: os.environ.get(MARK, ""), **more}

    def start(self, *arguments, endpoint=None, command="rebound"):
        driver = Driver([program(command), *arguments], self.environment(endpoint))
        self.addCleanup(driver.kill)
        return driver

    def rebound(self, *arguments, endpoint=None):
        return self.start(*arguments, endpoint=endpoint).end()

    def starting(self, experiment, *more, endpoint=None):
        path = experiment if isinstance(experiment, str) else self.write(experiment)
        return self.start("run", "-f", path, "--store", self.store, "-o", "json", *more, endpoint=endpoint)

    def resuming(self, name, *more, endpoint=None):
        return self.start("run", "--resume", name, "--store", self.store, "-o", "json", *more, endpoint=endpoint)

    def run_it(self, experiment, *more, expect=PASS, endpoint=None):
        done = self.starting(experiment, *more, endpoint=endpoint).end()
        if expect == PASS:
            self.assert_passed(done)
        else:
            self.assertEqual(done.code, expect, done)
        return done

    def assert_passed(self, done):
        """The run passed, or this machine was too busy to probe, for which it is rightly inconclusive. What happened to
        the world is judged all the same; the runner holds how often this may be."""
        if done.code == INCONCLUSIVE and done.starved:
            print(f"starved: {done.name}: {done.status['verdictReasons']}", file=sys.stderr, flush=True)
        else:
            self.assertEqual(done.code, PASS, done)

    # --- The world ---

    def acting_calls(self, *actions):
        """The calls that change something, as AWS saw them: no dry runs."""
        chosen = actions or ACTING
        return [e for e in self.truth("api") if e["action"] in chosen and not e["dry_run"]]

    @staticmethod
    def named(call):
        """The instances that a call names."""
        return {v for v in call["parameters"].values() if re.fullmatch(r"i-[0-9a-f]+", str(v))}

    def acted_on(self, *actions):
        return set().union(*(self.named(call) for call in self.acting_calls(*actions)), set())

    def arrived(self, run, event=None):
        """What reached the topic's subscriber of one run, oldest first: (instant, message, envelope)."""
        found = []
        with open(self.about["subscriberLog"]) as file:
            for line in file:
                entry = json.loads(line)
                message = entry.get("message")
                if isinstance(message, dict) and message.get("run", {}).get("name") == run:
                    if event is None or message["event"] == event:
                        found.append((entry["t_ns"], message, entry["envelope"]))
        return found

    def published(self, run, event=None):
        """The Publish calls whose message arrived, of one run, in the order AWS got them: (received, answered, status,
        message). The truth log cuts long messages, so they are joined with the arrivals by their id."""
        messages = {m["id"]: m for _, m, _ in self.arrived(run, event)}
        answers = {e["request"]: e for e in self.truth("answered")}
        found = []
        for call in self.truth("api"):
            if call["action"] == "Publish" and call["request"] in answers:
                told = re.search(r'"id":"([^"]+)"', call["parameters"]["Message"]).group(1)
                if told in messages:
                    answer = answers[call["request"]]
                    found.append((call["t_ns"], answer["t_ns"], answer["status"], messages[told]))
        return found

    def until_arrived(self, run, *events):
        """Waits for these events of a run; each has one id, however often it arrives."""
        self.eventually(
            f"{run}: {events} arrive, and only {[m['event'] for _, m, _ in self.arrived(run)]} did",
            lambda: set(events) <= {m["event"] for _, m, _ in self.arrived(run)})
        ids = {}
        for _, message, _ in self.arrived(run):
            injection = (message.get("injection") or {}).get("name")
            ids.setdefault((message["event"], injection), set()).add(message["id"])
        for key, found in ids.items():
            self.assertEqual(len(found), 1, f"{key} has one id over all attempts")
        return [m for _, m, _ in self.arrived(run)]

    def instance(self, instance_id):
        return self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]

    def state_of(self, instance_id):
        return self.instance(instance_id)["State"]["Name"]

    def tags(self, instance_id):
        return {t["Key"]: t["Value"] for t in self.instance(instance_id).get("Tags", [])}

    def truth_of(self, event, **fields):
        """This test's only event of that name with these fields."""
        found = [e for e in self.truth(event) if all(e.get(k) == v for k, v in fields.items())]
        self.assertEqual(len(found), 1, f"one {event} {fields}: {found}")
        return found[0]

    def assert_within(self, instant, bounds, what):
        low, high = bounds
        self.assertLessEqual(low, instant, f"{what}: {(low - instant) / 1e6:.3f} ms before the lower bound")
        self.assertLessEqual(instant, high, f"{what}: {(instant - high) / 1e6:.3f} ms after the upper bound")


SIGINT, SIGTERM, SIGKILL, SIGSTOP, SIGCONT = (
    signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT)
