# SPDX-License-Identifier: Apache-2.0
"""One API request, read far enough to write it down: service, action, parameters, who signed it and when."""
import io
import json
import re
import urllib.parse

CREDENTIAL = re.compile(r"Credential=([^/,]+)/[^/]+/([^/]+)/([^/]+)/")
CONFIGURATION = re.compile(r"^/[^/]+/functions/(.+)/configuration/?$")
INVOKE = re.compile(r"^/[^/]+/functions/(.+)/invocations/?$")
LONGEST_PARAMETER = 2_000


class Call:
    def __init__(self, environ):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(self.body)
        self.method, self.path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        self.query = environ.get("QUERY_STRING", "")
        self.signed_at = environ.get("HTTP_X_AMZ_DATE", "")
        self.agent = environ.get("HTTP_USER_AGENT", "")
        presigned = "Credential=" + dict(urllib.parse.parse_qsl(self.query)).get("X-Amz-Credential", "")
        credential = CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION") or presigned)
        self.access_key, self.region, self.service = credential.groups() if credential else ("", "", "")
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        invoked = INVOKE.match(self.path) if self.service == "lambda" else None
        self.function = urllib.parse.unquote(invoked.group(1)) if invoked else None
        looked_at = CONFIGURATION.match(self.path) if self.service == "lambda" and self.method == "GET" else None
        self.looked_at = urllib.parse.unquote(looked_at.group(1)) if looked_at else None
        self.invocation_type = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        self.is_json = bool(target) or self.service == "lambda"
        self.parameters = self._read_parameters(target)
        if target:
            self.action = target.split(".")[-1]
        elif invoked:
            self.action = "Invoke"
        elif self.looked_at:
            self.action = "GetFunctionConfiguration"
        else:
            self.action = self.parameters.get("Action") or f"{self.method} {self.path}"

    def _read_parameters(self, target):
        if target:
            try:
                read = json.loads(self.body or b"{}")
                return read if isinstance(read, dict) else {}
            except ValueError:
                return {}
        if self.service == "lambda":
            return {}
        text = self.body.decode("utf-8", "replace") if self.body else self.query
        return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))

    @property
    def dry_run(self):
        return str(self.parameters.get("DryRun", "")).lower() == "true"

    @property
    def token(self):
        return self.parameters.get("NextToken") or self.parameters.get("Marker")

    def described(self):
        kept = {k: v if not isinstance(v, str) else v[:LONGEST_PARAMETER] for k, v in self.parameters.items()
                if k not in ("Action", "Version")}
        return {"service": self.service, "action": self.action, "region": self.region, "parameters": kept,
                "dry_run": self.dry_run, "access_key": self.access_key, "agent": self.agent[:120]}
