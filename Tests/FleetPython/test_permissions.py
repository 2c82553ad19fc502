# SPDX-License-Identifier: Apache-2.0
"""With --iam the user has exactly the given policy: actions, resources and conditions count."""
import json
import tempfile
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from playing import QUICK, FleetCase, code_of, fleet

OPTED_IN = {"StringEquals": {"aws:ResourceTag/rebound:opt-in": "true"}}
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "*", "Action": [
        "ec2:DescribeInstances", "autoscaling:Describe*", "ec2:CreateTags"]},
    {"Effect": "Allow", "Action": ["ec2:RebootInstances", "ec2:StopInstances"], "Condition": OPTED_IN,
     "Resource": "arn:aws:ec2:eu-west-1:*:instance/*"},
    {"Effect": "Allow", "Action": ["sns:Publish", "sns:GetTopicAttributes"],
     "Resource": "arn:aws:sns:eu-west-1:123456789012:chaos"},
    {"Effect": "Allow", "Action": ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
     "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:record-recovery"},
    {"Effect": "Deny", "Action": "ec2:*", "Resource": "*",
     "Condition": {"StringEquals": {"ec2:ResourceTag/app": "standalone"}}}]}


class AccessChecked(FleetCase):
    @classmethod
    def setUpClass(cls):
        file = tempfile.NamedTemporaryFile("w", suffix=".json")
        cls.addClassCleanup(file.close)
        json.dump(POLICY, file)
        file.flush()
        cls.options = ("--size=2", "--standalone=1", f"--iam={file.name}")
        super().setUpClass()

    def test_what_the_policy_allows_is_answered(self):
        self.ec2.describe_instances()
        self.groups.describe_scaling_activities(AutoScalingGroupName="web")
        self.client("sns").publish(TopicArn=self.about["topicArn"], Message="x")
        self.client("lambda").invoke(FunctionName=self.about["function"], Payload=b"{}")
        self.client("sns").get_topic_attributes(TopicArn=self.about["topicArn"])
        self.client("lambda").get_function_configuration(FunctionName=self.about["function"])

    def test_what_it_does_not_is_refused_in_the_service_s_words_and_harms_nobody(self):
        victim = self.ids()[0]
        with self.assertRaises(ClientError) as refused:
            self.ec2.terminate_instances(InstanceIds=[victim])
        self.assertEqual(code_of(refused), "UnauthorizedOperation")
        self.assertIn("ec2:TerminateInstances", str(refused.exception))
        with self.assertRaises(ClientError) as refused:
            self.ec2.terminate_instances(InstanceIds=[victim], DryRun=True)
        self.assertEqual(code_of(refused), "UnauthorizedOperation")
        with self.assertRaises(ClientError) as refused:
            self.groups.terminate_instance_in_auto_scaling_group(
                InstanceId=victim, ShouldDecrementDesiredCapacity=False)
        self.assertEqual(code_of(refused), "AccessDenied")
        self.assertEqual(self.truth("kill"), [])

    def test_a_wrong_secret_is_refused(self):
        client = boto3.client("ec2", endpoint_url=self.about["endpoint"], region_name="eu-west-1",
                              aws_access_key_id=self.about["accessKeyID"], aws_secret_access_key="wrong")
        with self.assertRaises(ClientError) as refused:
            client.describe_instances()
        self.assertEqual(code_of(refused), "AuthFailure")

    def refusal(self, client, method, **fields):
        with self.assertRaises(ClientError) as refused:
            getattr(client, method)(**fields)
        return code_of(refused), str(refused.exception)

    def test_a_condition_on_a_tag_decides_for_each_instance(self):
        member, other = self.ids()[0], self.about["standalone"][0]
        self.ec2.reboot_instances(InstanceIds=[member])
        code, words = self.refusal(self.ec2, "reboot_instances", InstanceIds=[member, other])
        self.assertEqual(code, "UnauthorizedOperation")
        self.assertIn(f"instance/{other} with an explicit deny", words)
        self.assertEqual([e["instance"] for e in self.truth("reboot")], [member])

    def test_an_instance_that_did_not_opt_in_may_not_be_rebooted(self):
        member = self.ids()[1]
        self.ec2.create_tags(Resources=[member], Tags=[{"Key": "rebound:opt-in", "Value": "no"}])
        self.addCleanup(self.ec2.create_tags, Resources=[member], Tags=[{"Key": "rebound:opt-in", "Value": "true"}])
        code, words = self.refusal(self.ec2, "reboot_instances", InstanceIds=[member])
        self.assertEqual(code, "UnauthorizedOperation")
        self.assertIn("no identity-based policy allows the ec2:RebootInstances action", words)

    def test_another_topic_and_another_function_are_refused(self):
        topic = self.about["topicArn"] + "-other"
        self.assertEqual(self.refusal(self.client("sns"), "publish", TopicArn=topic, Message="x")[0],
                         "AuthorizationError")
        self.assertEqual(self.refusal(self.client("lambda"), "invoke", FunctionName="other")[0],
                         "AccessDeniedException")

    def test_a_signature_is_checked_against_the_bytes_sent(self):
        body = b"Action=Publish&Version=2010-03-31&Message=two%20words&TopicArn=" + self.about["topicArn"].encode()
        for sent, status in ((body, 200), (body.replace(b"two", b"six"), 403)):
            request = AWSRequest("POST", self.about["endpoint"] + "/", data=body, headers={
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
            SigV4Auth(Credentials(self.about["accessKeyID"], self.about["secretAccessKey"]), "sns",
                      "eu-west-1").add_auth(request)
            try:
                asked = urllib.request.Request(request.url, sent, dict(request.headers))
                got = urllib.request.urlopen(asked, timeout=10).status
            except urllib.error.HTTPError as error:
                got = error.code
            self.assertEqual(got, status, sent)

    def test_a_call_with_get_is_checked_and_answered(self):
        with self.assertRaises(ClientError) as refused:
            self.client("lambda").list_functions()
        self.assertEqual(code_of(refused), "AccessDeniedException")      # refused for the policy, not the signature

    def test_who_am_i_needs_no_permission(self):
        self.assertTrue(self.client("sts").get_caller_identity()["Arn"].endswith(":user/rebound"))


class PolicyRefused(unittest.TestCase):
    def test_a_policy_that_cannot_be_judged_is_refused_by_its_place(self):
        cases = [({"Statement": []}, "no Statement"),
                 ({"Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}}, "Statement[0].Effect"),
                 ({"Statement": [{"Effect": "Allow", "Action": "*"}]}, "Resource and NotResource"),
                 ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
                                  "Condition": {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}]},
                  "Condition.DateLessThan")]
        for policy, words in cases:
            with self.subTest(words), tempfile.TemporaryDirectory() as folder:
                with open(f"{folder}/policy.json", "w") as file:
                    json.dump(policy, file)
                ended = fleet("up", "--state", f"{folder}/state", *QUICK, f"--iam={folder}/policy.json", check=False)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(words, ended.stderr)


if __name__ == "__main__":
    unittest.main()
