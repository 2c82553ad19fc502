# SPDX-License-Identifier: Apache-2.0
"""Signatures are checked against the bytes that were sent, as AWS checks them.

moto checks against the form it has parsed and encoded again, with + for a space: a client that sends %20, which is as
right, is refused, and so is every REST call with GET. Werkzeug answers a request in one thread, so the body of the
request at hand is kept per thread.
"""
import threading

from moto.iam.access_control import IAMRequestBase

at_hand = threading.local()


def install():
    moto_create = IAMRequestBase._create_aws_request

    def create(request):
        sent = getattr(at_hand, "body", None)
        if sent is None:
            return moto_create(request)
        kept = request._body, request._data
        request._body, request._data = sent, {}
        try:
            return moto_create(request)
        finally:
            request._body, request._data = kept

    IAMRequestBase._create_aws_request = create
