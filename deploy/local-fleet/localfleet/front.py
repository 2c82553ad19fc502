# SPDX-License-Identifier: Apache-2.0
"""What stands before moto: it writes every request down, refuses what the fleet was told to refuse, gives moto's
refusals AWS's shape, keeps Lambda's payloads, and answers /fleet/ itself."""
import itertools
import re
import time

from . import policy
from .call import Call
from .cloud import signatures
from .faults import Refusal, error_body

REFUSED = re.compile(rb"<Code>(AccessDenied|AuthFailure|SignatureDoesNotMatch|InvalidClientTokenId)</Code>\s*"
                     rb"<Message>([^<]*)</Message>")


class Front:
    def __init__(self, app, world, control):
        self.app, self.world, self.control = app, world, control
        self.at_hand = signatures.at_hand
        self._numbers = itertools.count(1)

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        if path.startswith("/fleet/") or path == "/fleet":
            return self.control(environ, start_response)
        accepted = time.monotonic_ns()
        call = Call(environ)
        if path.startswith("/moto-api"):
            return self.app(environ, start_response)
        number = next(self._numbers)
        self.world.truth.note("api", accepted, request=number, **call.described())
        if self.world.settings.latency:
            time.sleep(self.world.settings.latency)
        try:
            self.world.faults.check(call)
            self._check_policy(call)
            self._check_function(call)
            status, headers, body = self._ask_moto(environ, call)
        except Refusal as refused:
            status, headers, body = refusal_answer(call, refused)
        else:
            status, headers, body = as_aws_refuses(call, status, headers, body)
            self.world.faults.learn(call, body)
            self._note_invocation(call, status, accepted)
            headers, body = self._lambda_error(call, headers, body)
        self.world.truth.note("answered", request=number, action=call.action, status=int(status.split()[0]),
                              code=error_code(status, body))
        start_response(status, headers)
        return [body]

    def _ask_moto(self, environ, call):
        kept = []
        self.at_hand.body = call.body

        def keep(status, headers, _=None):
            kept[:] = [status, headers]
        answer = self.app(environ, keep)
        try:
            body = b"".join(answer)
        finally:
            self.at_hand.body = None
            if hasattr(answer, "close"):
                answer.close()
        return kept[0], list(kept[1]), body

    def _check_policy(self, call):
        """Resources and conditions of the given policy; signatures and actions are checked by moto."""
        if self.world.policy is None or call.access_key != self.world.described.get("accessKeyID"):
            return
        try:
            self.world.policy.check(policy.action_of(call), policy.resources_of(call, self.world))
        except policy.Denied as denied:
            user = f"arn:aws:iam::{self.world.account}:user/rebound"
            raise access_refusal(call, denied.words(user)) from None

    # --- Lambda, which moto's simple mode only echoes ---

    def _check_function(self, call):
        """Simple mode answers 200 for a function that does not exist; AWS does not."""
        if call.function is None:
            return
        name = call.function.split(":function:")[-1].split(":")[0]
        if name not in self.world.function_names():
            arn = f"arn:aws:lambda:{call.region}:{self.world.account}:function:{name}"
            raise Refusal(404, "ResourceNotFoundException", f"Function not found: {arn}")

    def _note_invocation(self, call, status, accepted):
        if call.function is not None and status.startswith("2"):
            self.world.invocations.note("invoked", accepted, function=call.function, type=call.invocation_type,
                                        payload=call.body.decode("utf-8", "replace"))

    def _lambda_error(self, call, headers, body):
        if call.function is None or not self.world.function_error:
            return headers, body
        body = b'{"errorMessage": "told to fail by the local fleet", "errorType": "FleetError"}'
        headers = [h for h in headers if h[0].lower() != "content-length"]
        return headers + [("X-Amz-Function-Error", self.world.function_error), ("Content-Length", str(len(body)))], body


def refusal_answer(call, refused):
    kind, body, extra = error_body(call, refused.code, refused.message)
    reason = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
              500: "Internal Server Error", 503: "Service Unavailable"}.get(refused.status, "Error")
    return f"{refused.status} {reason}", [("Content-Type", kind), ("Content-Length", str(len(body))), *extra], body


def as_aws_refuses(call, status, headers, body):
    """moto words every refusal of its access checks one way; each AWS service has its own."""
    if status[:3] not in ("401", "403"):
        return status, headers, body
    found = REFUSED.search(body)
    if not found:
        return status, headers, body
    code, message, number = found.group(1).decode(), found.group(2).decode(), int(status[:3])
    if code == "AccessDenied":
        action = message.rsplit(" ", 1)[-1].replace("lambda:Invoke", "lambda:InvokeFunction")
        user = message.split(" is not authorized", 1)[0].removeprefix("User: ")
        return refusal_answer(call, access_refusal(call, policy.Denied(action, "*", False).words(user)))
    if call.is_json:
        code = {"SignatureDoesNotMatch": "InvalidSignatureException", "AuthFailure": "UnrecognizedClientException",
                "InvalidClientTokenId": "UnrecognizedClientException"}[code]
        number = 403 if call.service == "lambda" else 400
    return refusal_answer(call, Refusal(number, code, message))


def access_refusal(call, words):
    """What each service calls it when the policy does not allow a call."""
    if call.service == "ec2":
        return Refusal(403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {words}")
    if call.service == "sns":
        return Refusal(403, "AuthorizationError", words)
    if call.is_json:
        return Refusal(403 if call.service == "lambda" else 400, "AccessDeniedException", words)
    return Refusal(403, "AccessDenied", words)


def error_code(status, body):
    if status.startswith("2"):
        return None
    found = re.search(rb"<Code>([^<]+)</Code>", body) or re.search(rb'"__type":\s*"([^"]+)"', body)
    return found.group(1).decode("utf-8", "replace") if found else None
