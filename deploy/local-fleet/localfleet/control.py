# SPDX-License-Identifier: Apache-2.0
"""/fleet/: look into a running fleet and change it, with curl.

GET  /fleet/state                             what is up: machines, targets, groups, settings
GET  /fleet/truth                             the ground truth so far (the last 20,000 events)
GET  /fleet/wait?ev=recovered&after=T_NS&timeout=S    the first event of that name after an instant, or 408
POST /fleet/set?notice=2&launch=1             change live settings
POST /fleet/throttle?action=A&times=N         refuse the next N calls of A
POST /fleet/fail?action=A[&page=N][&times=N][&code=C][&status=S]   break calls; /fleet/heal ends all of these
POST /fleet/signal?instance=ID&signal=KILL    signal the server of an instance behind AWS's back (KILL, STOP, CONT)
POST /fleet/boot?instance=ID                  start a crashed server again
POST /fleet/subscriber?up=false               stop (true: start) the topic's HTTP subscriber
POST /fleet/lambda?error=Unhandled            every invocation ends in this function error; empty: none
"""
import json
import signal
import time
import urllib.parse

from . import settings as settings_module
from .faults import Break

SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP, "CONT": signal.SIGCONT, "TERM": signal.SIGTERM}


class Control:
    def __init__(self, world):
        self.world = world

    def __call__(self, environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        query.update(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        name = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO'].removeprefix('/fleet').strip('/')}"
        act = {
            "GET state": self.state, "GET truth": self.truth, "GET wait": self.wait, "POST set": self.set,
            "POST throttle": self.throttle, "POST fail": self.fail, "POST heal": self.heal,
            "POST signal": self.signal, "POST boot": self.boot, "POST subscriber": self.subscriber,
            "POST lambda": self.function_error,
        }.get(name)
        try:
            status, answer = ("200 OK", act(query)) if act else ("404 Not Found", {"error": f"{name}: see control.py"})
        except TimeoutError as error:
            status, answer = "408 Request Timeout", {"error": str(error)}
        except (KeyError, ValueError) as error:
            text = f"missing parameter {error}" if isinstance(error, KeyError) else str(error)
            status, answer = "400 Bad Request", {"error": text}
        data = json.dumps(answer, default=str).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
        return [data]

    def state(self, _):
        return self.world.state()

    def truth(self, _):
        return self.world.truth.events()

    def wait(self, query):
        deadline = time.monotonic() + float(query.get("timeout", 30))
        after = int(query.get("after", 0))
        wanted = {k: v for k, v in query.items() if k not in ("ev", "after", "timeout")}
        while True:
            for event in self.world.truth.events():
                if event["ev"] == query["ev"] and event["t_ns"] > after:
                    if all(str(event.get(k)) == v for k, v in wanted.items()):
                        return event
            if time.monotonic() > deadline:
                raise TimeoutError(f"no event {query['ev']} {wanted} within the time allowed")
            time.sleep(0.01)

    def set(self, query):
        settings_module.change(self.world.settings, query)
        return vars(self.world.settings)

    def throttle(self, query):
        self.world.faults.throttle(query["action"], int(query.get("times", 1)))
        return {}

    def fail(self, query):
        numbers = {k: int(query[k]) for k in ("page", "times", "status") if k in query}
        text = {k: query[k] for k in ("code",) if k in query}
        self.world.faults.add_break(Break(query["action"], **numbers, **text))
        return {}

    def heal(self, _):
        self.world.faults.clear()
        return {}

    def signal(self, query):
        if self.world.machines.get(query["instance"]) is None:
            raise ValueError(f"{query['instance']}: no server of that instance runs here")
        self.world.machines.signal(query["instance"], SIGNALS[query.get("signal", "KILL")])
        return {}

    def boot(self, query):
        with self.world.timeline.lock:
            machine = self.world.machines.get(query["instance"])
            if machine is None or machine.pid is not None:
                raise ValueError(f"{query['instance']}: unknown, or its server runs already")
            machine.powered = False
            self.world.machines.power_on(query["instance"])
        return {}

    def subscriber(self, query):
        up = query["up"].lower() in ("1", "true", "yes")
        self.world.subscriber.open() if up else self.world.subscriber.close()
        return {"up": up, "url": self.world.subscriber.url}

    def function_error(self, query):
        self.world.function_error = query.get("error") or None
        return {"error": self.world.function_error}
