# SPDX-License-Identifier: Apache-2.0
"""The same job as client/main.swift, with boto3's paginator. usage: list_with_boto3.py ENDPOINT keep|drop"""
import json
import resource
import sys

import boto3


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


ec2 = boto3.client(
    "ec2", region_name="eu-west-1", endpoint_url=sys.argv[1],
    aws_access_key_id="benchmark", aws_secret_access_key="benchmark")
before, idle = cpu_seconds(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
seen, kept = 0, []
for page in ec2.get_paginator("describe_instances").paginate(MaxResults=1000):
    for reservation in page["Reservations"]:
        seen += len(reservation["Instances"])
        if sys.argv[2] == "keep":
            kept += reservation["Instances"]
print(json.dumps({
    "instances": seen, "kept": len(kept), "tags": len(kept[0]["Tags"]) if kept else 0,
    "cpu_s": cpu_seconds() - before, "idle_kib": idle,
    "peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
