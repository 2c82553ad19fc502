# SPDX-License-Identifier: Apache-2.0
"""The job as one's own script does it: terminate one tagged member, poll each second, tell the topic and the function.

Prints {"recovery_seconds": S}. Everything it needs is in the environment that `fleet run` gives.
"""
import json
import os
import random
import time

import boto3

GROUP = os.environ["REBOUND_FLEET_GROUP"]
groups, ec2 = boto3.client("autoscaling"), boto3.client("ec2")


def in_service():
    """The group's desired size, and the members that are in service and healthy."""
    group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0]
    healthy = [m["InstanceId"] for m in group["Instances"]
               if m["LifecycleState"] == "InService" and m["HealthStatus"] == "Healthy"]
    return group["DesiredCapacity"], healthy


def allowed_victims():
    pages = ec2.get_paginator("describe_instances").paginate(Filters=[
        {"Name": "tag:rebound:opt-in", "Values": ["true"]}, {"Name": "instance-state-name", "Values": ["running"]},
        {"Name": "tag:aws:autoscaling:groupName", "Values": [GROUP]}])
    return [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]


desired, healthy = in_service()
candidates = sorted(set(allowed_victims()) & set(healthy))
if len(healthy) < desired or not candidates:
    raise SystemExit(f"the group is not whole: {healthy} of {desired}")
victim = random.choice(candidates)
begun = time.monotonic()
ec2.terminate_instances(InstanceIds=[victim])
while True:
    time.sleep(1)
    desired, healthy = in_service()
    if victim not in healthy and len(healthy) >= desired:
        break
    if time.monotonic() - begun > 300:
        raise SystemExit("not recovered in five minutes")
result = {"victim": victim, "recovery_seconds": round(time.monotonic() - begun, 3)}
boto3.client("sns").publish(TopicArn=os.environ["REBOUND_FLEET_TOPIC_ARN"], Message=json.dumps(result))
boto3.client("lambda").invoke(FunctionName=os.environ["REBOUND_FLEET_FUNCTION"], Payload=json.dumps(result))
print(json.dumps(result))
