# SPDX-License-Identifier: Apache-2.0
"""SNS to HTTP as AWS does it: outside the Publish call, with its headers and attributes, tried again when it fails.

moto delivers inside Publish, so a dead subscriber would make Publish itself fail, which no publisher sees on AWS.
"""
import json
import queue
import threading
import time
import urllib.error
import urllib.request

from moto.sns.models import Subscription

TRIES = 8
PAUSE_SECONDS = 0.5


class Notices:
    def __init__(self, truth):
        self.truth = truth
        self._waiting = queue.Queue()

    def install(self):
        moto_publish = Subscription.publish

        def publish(subscription, message, message_id, subject=None, message_attributes=None, group_id=None,
                    deduplication_id=None, message_structure=None):
            rest = dict(subject=subject, message_attributes=message_attributes, group_id=group_id,
                        deduplication_id=deduplication_id, message_structure=message_structure)
            if subscription.protocol not in ("http", "https"):
                return moto_publish(subscription, message, message_id, **rest)
            matcher = subscription._filter_policy_matcher
            if matcher is not None and not matcher.matches(message_attributes, message):
                return None
            if message_structure == "json":
                message = subscription._parse_message_structure(message, subscription.protocol)
            body = subscription.get_post_data(message, message_id, subject, message_attributes=message_attributes)
            self._waiting.put((subscription, message_id, body))

        Subscription.publish = publish
        threading.Thread(target=self._deliver, name="notices", daemon=True).start()

    def _deliver(self):
        while True:
            subscription, message_id, body = self._waiting.get()
            raw = str(subscription.attributes.get("RawMessageDelivery", "")).lower() == "true"
            data = (body["Message"] if raw else json.dumps(body)).encode()
            headers = {
                "Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent",
                "x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": message_id,
                "x-amz-sns-topic-arn": subscription.topic.arn, "x-amz-sns-subscription-arn": subscription.arn,
            }
            threading.Thread(target=self._try, args=(subscription.endpoint, data, headers), daemon=True).start()

    def _try(self, endpoint, data, headers):
        for attempt in range(1, TRIES + 1):
            try:
                request = urllib.request.Request(endpoint, data, headers, method="POST")
                with urllib.request.urlopen(request, timeout=5) as answer:
                    self.truth.note("notified", endpoint=endpoint, message=headers["x-amz-sns-message-id"],
                                    status=answer.status, attempt=attempt)
                    return
            except (OSError, urllib.error.URLError) as error:
                self.truth.note("notify_failed", endpoint=endpoint, message=headers["x-amz-sns-message-id"],
                                attempt=attempt, error=str(error))
                time.sleep(PAUSE_SECONDS)
