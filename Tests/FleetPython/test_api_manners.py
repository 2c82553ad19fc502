# SPDX-License-Identifier: Apache-2.0
"""Refusals, pages, clocks, reports: the API answers as AWS's does where moto's own does not."""
import email.utils
import json
import time
import unittest
import urllib.error
import urllib.request

from botocore.exceptions import ClientError
from playing import FleetCase, code_of


class Refusing(FleetCase):
    options = ("--throttle=DescribeInstances=1", "--page-size=1", "--size=4")

    def tearDown(self):
        self.control("heal")
        self.control("set", skew=0, throttle_rate=0, latency=0)

    def test_throttling_has_each_service_s_own_words(self):
        refusals = [("ec2", "DescribeInstanceStatus", "RequestLimitExceeded", 503, "describe_instance_status", {}),
                    ("autoscaling", "DescribeAutoScalingGroups", "Throttling", 400, "describe_auto_scaling_groups", {}),
                    ("sqs", "ListQueues", "ThrottlingException", 400, "list_queues", {}),
                    ("lambda", "Invoke", "TooManyRequestsException", 429, "invoke",
                     {"FunctionName": self.about["function"]})]
        for service, action, code, status, method, fields in refusals:
            with self.subTest(service):
                self.control("throttle", action=action, times=1)
                client = self.client(service)
                with self.assertRaises(ClientError) as refused:
                    getattr(client, method)(**fields)
                self.assertEqual(code_of(refused), code)
                self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], status)
                getattr(client, method)(**fields)

    def test_too_many_requests_in_a_second_are_refused(self):
        self.control("set", throttle_rate=3)
        codes = []
        for _ in range(6):
            try:
                self.groups.describe_auto_scaling_groups()
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        self.assertIn("Throttling", codes)

    def test_a_page_can_be_broken(self):
        self.control("heal")
        paginator = self.ec2.get_paginator("describe_instances")
        self.assertEqual(len(list(paginator.paginate())), 4)
        self.control("fail", action="DescribeInstances", page=3)
        pages = paginator.paginate().__iter__()
        next(pages), next(pages)
        with self.assertRaises(ClientError) as refused:
            next(pages)
        self.assertEqual(code_of(refused), "InternalError")

    def test_a_page_broken_once_is_mended_by_trying_again(self):
        self.control("heal")
        self.control("fail", action="DescribeInstances", page=2, times=1, code="Unavailable", status=503)
        patient = self.client("ec2", retries=3)
        self.assertEqual(len(list(patient.get_paginator("describe_instances").paginate())), 4)

    def test_a_clock_six_minutes_off_is_refused_and_one_minute_is_not(self):
        self.control("set", skew=60)
        answer = self.groups.describe_auto_scaling_groups()
        told = email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()
        self.assertAlmostEqual(told - time.time(), 60, delta=5)
        self.control("set", skew=360)
        with self.assertRaises(ClientError) as refused:
            self.client("ec2").describe_instance_status()
        self.assertEqual(code_of(refused), "RequestExpired")
        with self.assertRaises(ClientError) as refused:
            self.client("autoscaling").describe_auto_scaling_groups()
        self.assertEqual(code_of(refused), "SignatureDoesNotMatch")

    def test_a_request_without_a_signature_is_refused(self):
        data = b"Action=DescribeInstances&Version=2016-11-15"
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.about["endpoint"], data, timeout=10)
        self.assertEqual(refused.exception.code, 403)
        self.assertIn(b"<Code>MissingAuthenticationToken</Code>", refused.exception.read())

    def test_an_answer_can_be_held(self):
        self.control("set", latency=0.3)
        begun = time.monotonic()
        self.groups.describe_auto_scaling_groups()
        self.assertGreaterEqual(time.monotonic() - begun, 0.3)

    def test_a_wrong_setting_is_refused_by_name(self):
        for query in ({"notice": "soon"}, {"size": "4"}, {"nonsense": "1"}):
            with self.subTest(query), self.assertRaises(Exception) as refused:
                self.control("set", **query)
            self.assertIn(list(query)[0], refused.exception.read().decode())

    def test_every_call_is_written_down_with_its_key_and_status(self):
        self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
        call = self.truth("api")[-1]
        self.assertEqual((call["service"], call["action"]), ("autoscaling", "DescribeAutoScalingGroups"))
        self.assertEqual(call["access_key"], self.about["accessKeyID"])
        self.assertEqual(call["parameters"]["AutoScalingGroupNames.member.1"], "web")
        self.assertEqual(self.truth("answered")[-1]["status"], 200)


class Reporting(FleetCase):
    options = ("--size=1",)

    def arrivals(self):
        with open(self.about["subscriberLog"]) as file:
            return [e for e in map(json.loads, file) if e["t_ns"] >= self.begun]

    def publish(self, text):
        return self.client("sns").publish(
            TopicArn=self.about["topicArn"], Message=json.dumps({"text": text}), Subject="chaos",
            MessageAttributes={"verdict": {"DataType": "String", "StringValue": "pass"}})["MessageId"]

    def test_what_is_published_arrives_over_http_with_its_attributes(self):
        number = self.publish("hello")
        self.eventually("the message arrives", self.arrivals)
        arrived = self.arrivals()[0]
        self.assertEqual(arrived["message"], {"text": "hello"})
        self.assertEqual(arrived["envelope"]["MessageId"], number)
        self.assertEqual(arrived["envelope"]["MessageAttributes"]["verdict"]["Value"], "pass")
        self.assertEqual(arrived["headers"]["x-amz-sns-message-type"], "Notification")

    def test_what_is_published_arrives_in_the_queue(self):
        number = self.publish("queued")
        client, bodies = self.client("sqs"), []

        def found():
            answer = client.receive_message(QueueUrl=self.about["queueURL"], MaxNumberOfMessages=10)
            bodies.extend(json.loads(m["Body"])["MessageId"] for m in answer.get("Messages", []))
            return number in bodies
        self.eventually("the message is in the queue", found)

    def test_a_subscriber_that_is_down_fails_no_publisher_and_loses_nothing(self):
        self.control("subscriber", up="false")
        self.publish("later")
        self.until("notify_failed")
        self.control("subscriber", up="true")
        self.eventually("the message arrives", self.arrivals)
        self.assertEqual(self.arrivals()[0]["message"], {"text": "later"})

    def test_an_invocation_s_payload_is_kept(self):
        for kind, status in (("RequestResponse", 200), ("Event", 202)):
            answer = self.client("lambda").invoke(FunctionName=self.about["function"], InvocationType=kind,
                                                  Payload=json.dumps({"kind": kind}))
            self.assertEqual(answer["StatusCode"], status)
        with open(self.about["lambdaLog"]) as file:
            kept = [e for e in map(json.loads, file) if e["t_ns"] >= self.begun]
        self.assertEqual([(e["type"], json.loads(e["payload"])["kind"]) for e in kept],
                         [("RequestResponse", "RequestResponse"), ("Event", "Event")])

    def test_a_function_that_does_not_exist_is_not_found(self):
        with self.assertRaises(ClientError) as refused:
            self.client("lambda").invoke(FunctionName="nobody")
        self.assertEqual(code_of(refused), "ResourceNotFoundException")

    def test_a_function_can_be_told_to_fail(self):
        self.control("lambda", error="Unhandled")
        try:
            answer = self.client("lambda").invoke(FunctionName=self.about["function"], Payload=b"{}")
        finally:
            self.control("lambda", error="")
        self.assertEqual(answer["FunctionError"], "Unhandled")


if __name__ == "__main__":
    unittest.main()
