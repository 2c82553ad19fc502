# SPDX-License-Identifier: Apache-2.0
"""Refusals that AWS makes and moto does not: throttling, broken pages, a clock that is off. And AWS's error bodies."""
import datetime
import json
import re
import threading
import time
import uuid
from xml.sax.saxutils import escape

SKEW_LIMIT_SECONDS = 300
UNSIGNED = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"}     # the token in the call is its proof
TOKEN = re.compile(rb"<(?:nextToken|NextToken|NextMarker)>([^<]+)</")


class Refusal(Exception):
    """An answer in place of moto's."""

    def __init__(self, status, code, message):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def error_body(call, code, message):
    """The error as the service of `call` words it: (content type, body, extra headers)."""
    request_id = str(uuid.uuid4())
    if call.is_json:
        body = json.dumps({"__type": code, "message": message}).encode()
        return "application/x-amz-json-1.1", body, [("x-amzn-ErrorType", code), ("x-amzn-RequestId", request_id)]
    code, message = escape(code), escape(message)
    if call.service == "ec2":
        text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
                f"<Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>")
    else:
        text = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")
    return "text/xml;charset=UTF-8", text.encode(), [("x-amzn-RequestId", request_id)]


def throttled(call):
    """Each kind of service has its own word for it (AWS: "Common errors" of each API reference)."""
    if call.service == "ec2":
        return Refusal(503, "RequestLimitExceeded", "Request limit exceeded.")
    if call.service == "lambda":
        return Refusal(429, "TooManyRequestsException", "Rate exceeded")
    if call.is_json:
        return Refusal(400, "ThrottlingException", "Rate exceeded")
    return Refusal(400, "Throttling", "Rate exceeded")


class Break:
    """Breaks calls of one action: all of them, or those for one page; `times` of them, or without end."""

    def __init__(self, action, page=None, times=None, code="InternalError", status=500):
        self.action, self.page, self.times, self.code, self.status = action, page, times, code, status

    @classmethod
    def parse(cls, text):
        action, *parts = text.split(":")
        fields = {}
        for part in parts:
            name, _, value = part.partition("=")
            if name not in ("page", "times", "code", "status") or not value:
                raise ValueError(f"--fail {text}: {part!r} is not page=N, times=N, code=C or status=S")
            fields[name] = value if name == "code" else int(value)
        return cls(action, **fields)


class Faults:
    def __init__(self, settings, throttle=(), fail=()):
        self.settings = settings
        self._lock = threading.Lock()
        self._throttle = {}
        for text in throttle:
            action, _, times = text.partition("=")
            if not times.isdigit():
                raise ValueError(f"--throttle {text}: say ACTION=N, as in DescribeInstances=3")
            self.throttle(action, int(times))
        self._breaks = [Break.parse(text) for text in fail]
        self._pages = {}              # (action, token) -> page number it asks for
        self._recent = []

    def throttle(self, action, times):
        with self._lock:
            self._throttle[action] = times

    def add_break(self, fault):
        with self._lock:
            self._breaks.append(fault)

    def clear(self):
        with self._lock:
            self._throttle, self._breaks = {}, []

    def page_of(self, call):
        return self._pages.get((call.action, call.token), 1) if call.token else 1

    def learn(self, call, body):
        """Remembers which page the token in an answer asks for."""
        found = TOKEN.search(body)
        if found:
            self._pages[(call.action, found.group(1).decode())] = self.page_of(call) + 1

    def check(self, call):
        """Raises a Refusal when this call is to be refused."""
        self._check_clock(call)
        if not call.access_key and "Action" in call.parameters and call.action not in UNSIGNED:
            raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        with self._lock:
            if self._throttle.get(call.action, 0) > 0:
                self._throttle[call.action] -= 1
                raise throttled(call)
            rate = self.settings.throttle_rate
            if rate > 0:
                moment = time.monotonic()
                self._recent = [t for t in self._recent if moment - t < 1]
                if len(self._recent) >= rate:
                    raise throttled(call)
                self._recent.append(moment)
            for fault in self._breaks:
                if fault.action == call.action and fault.page in (None, self.page_of(call)) and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    raise Refusal(fault.status, fault.code, f"{call.action} was told to fail by the local fleet.")

    def now(self):
        """AWS's clock, as this fleet plays it."""
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.settings.skew)

    def _check_clock(self, call):
        if not self.settings.skew or not call.signed_at:
            return
        try:
            signed = datetime.datetime.strptime(call.signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            return
        ahead = (signed - self.now()).total_seconds()
        if abs(ahead) <= SKEW_LIMIT_SECONDS:
            return
        if call.service == "ec2":
            if ahead < 0:
                raise Refusal(400, "RequestExpired", "Request has expired.")
            raise Refusal(401, "AuthFailure", "AWS was not able to validate the provided access credentials")
        server = f"{self.now():%Y%m%dT%H%M%SZ}"
        text = (f"Signature expired: {call.signed_at} is now earlier than {server} (5 min. before now)."
                if ahead < 0 else
                f"Signature not yet current: {call.signed_at} is still later than {server} (5 min. after now).")
        code = "InvalidSignatureException" if call.is_json else "SignatureDoesNotMatch"
        raise Refusal(403, code, text)
