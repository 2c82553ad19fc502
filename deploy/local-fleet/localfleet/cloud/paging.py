# SPDX-License-Identifier: Apache-2.0
"""Small pages: moto's default pages are so large that a client's paging is never used on a fleet of three."""
from moto.autoscaling.responses import AutoScalingResponse
from moto.ec2.responses.instances import InstanceResponse


def install(settings):
    cap(InstanceResponse, "describe_instances", "MaxResults", settings)
    cap(AutoScalingResponse, "describe_auto_scaling_groups", "MaxRecords", settings)


def cap(response_class, action, parameter, settings):
    moto_action = getattr(response_class, action)

    def answered(response):
        size, look_up = settings.page_size, response._get_param
        if size and not response._get_param("InstanceIds", []):
            def capped(name, *default, **named_default):
                found = look_up(name, *default, **named_default)
                return min(int(found or size), size) if name == parameter else found
            response._get_param = capped
        return moto_action(response)

    setattr(response_class, action, answered)
