# SPDX-License-Identifier: Apache-2.0
"""Scaling activities in the shape of AWS's DescribeScalingActivities (moto keeps none).

Texts follow the examples in the Amazon EC2 Auto Scaling user guide, "Verify a scaling activity" and "Health checks". As
on AWS, StartTime has milliseconds and EndTime whole seconds; settings.activity_resolution says how fine EndTime is.
"""
import datetime
import itertools
import json
import time
import uuid

KEPT = 2_000          # AWS keeps six weeks; a fleet lives for minutes
PAGE = 100


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def stamp(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class Activity:
    """One activity. The attributes are the API's fields in snake case, which is what moto's serializer looks for."""

    def __init__(self, group, description, cause, status, details):
        self.activity_id = str(uuid.uuid4())
        self.auto_scaling_group_name = group.name
        self.auto_scaling_group_arn = group.arn
        self.description = description
        self.cause = cause
        self.start_time = milliseconds(now())
        self.end_time = None
        self.status_code = status
        self.status_message = None
        self.progress = {"PreInService": 30, "InProgress": 50}.get(status, 0)
        self.details = json.dumps(details)
        self.begun_ns = time.monotonic_ns()


def milliseconds(moment):
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Activities:
    def __init__(self, truth, settings):
        self.truth, self.settings = truth, settings
        self._all = []

    def begin(self, group, description, cause, status, instance):
        details = {"Subnet ID": instance.subnet_id, "Availability Zone": instance.placement.zone}
        activity = Activity(group, description, cause, status, details)
        self._all.append(activity)
        del self._all[:-KEPT]
        self.truth.note("activity", activity.begun_ns, group=group.name, activity=activity.activity_id,
                        instance=instance.id, description=description, cause=cause, status=status)
        return activity

    def move(self, activity, status, progress=None):
        activity.status_code = status
        activity.progress = progress if progress is not None else activity.progress
        self.truth.note("activity_status", activity=activity.activity_id, status=status)

    def end(self, activity, status="Successful"):
        if activity is None or activity.end_time is not None:
            return
        moment, resolution = now(), self.settings.activity_resolution
        seconds = moment.timestamp() // resolution * resolution if resolution > 0 else moment.timestamp()
        rounded = datetime.datetime.fromtimestamp(seconds)
        # A fleet can be so quick that the whole second lies before the start; AWS never shows an end before the start.
        activity.end_time = max(rounded, activity.start_time.replace(microsecond=0))
        activity.progress = 100
        self.move(activity, status, 100)

    def of(self, group_name, ids=()):
        """Newest first, as AWS lists them."""
        return [a for a in reversed(self._all)
                if (not group_name or a.auto_scaling_group_name == group_name) and (not ids or a.activity_id in ids)]

    def page(self, group_name, ids, most, token):
        """One page and the token of the next; raises ValueError for a token that was never given out."""
        found = self.of(group_name, ids)
        if token:
            at = next((n for n, a in enumerate(found) if token == "after-" + a.activity_id), None)
            if at is None:
                raise ValueError(token)
            found = found[at + 1:]
        shown = list(itertools.islice(found, most))
        return shown, "after-" + shown[-1].activity_id if len(found) > most else None
