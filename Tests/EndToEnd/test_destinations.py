# SPDX-License-Identifier: Apache-2.0
"""A topic or function that is not there is noticed before anything is harmed."""
import json
import unittest

from driving import FAIL, INCONCLUSIVE, PASS, ReboundCase
from test_verdicts import EVERYTHING, MEMBERS, WithPolicy


class Destinations(ReboundCase):
    options = ("--size=2",)

    def guards(self, *reports, expect):
        manifest = self.write(self.experiment(
            self.fault("ec2.terminate", **MEMBERS), reports=[self.about_report(*r) for r in reports]))
        done = self.rebound("plan", "-f", manifest, "--store", self.store, "-o", "json")
        self.assertEqual(done.code, expect, done)
        return [g for g in done.run["plan"]["guards"] if g["name"] == "reportDestination"]

    @staticmethod
    def about_report(kind, name):
        return {"sns": {"topicArn": name}} if kind == "sns" else {"lambda": {"function": name, "region": "eu-west-1"}}

    def test_what_is_there_is_found_and_what_is_not_refuses(self):
        topic, function = ("sns", self.about["topicArn"]), ("lambda", self.about["function"])
        found = self.guards(topic, function, expect=PASS)
        self.assertEqual([g["passed"] for g in found], [True, True], json.dumps(found))
        for kind, name in (topic[0], topic[1] + "-2"), (function[0], function[1] + "-2"):
            with self.subTest(kind):
                found = self.guards(topic, function, (kind, name), expect=FAIL)
                self.assertEqual([g["passed"] for g in found], [True, True, False])
                self.assertIn(name, found[2]["message"])
        self.assertNotIn("Invoke", [call["action"] for call in self.truth("api")], "looking runs nothing")
        self.prove("plan: a missing topic and a missing function are refused by name")

    def test_a_run_with_a_missing_topic_harms_nobody(self):
        missing = [self.about_report("sns", self.about["topicArn"] + "-2")]
        done = self.run_it(self.experiment(self.fault("ec2.terminate", **MEMBERS), reports=missing),
                           expect=INCONCLUSIVE)
        self.assertIn("guardRefused: reportDestination", done.status["verdictReasons"][0])
        self.assertEqual(self.acting_calls(), [])
        self.prove("run: refused for a missing topic before anything was done")


class MayNotLook(WithPolicy):
    statements = [{"Effect": "Allow", "Resource": "*", "Action": EVERYTHING},
                  {"Effect": "Deny", "Resource": "*", "Action": ["sns:Get*", "lambda:Get*"]}]

    def test_who_may_not_look_is_warned_and_may_go_on(self):
        manifest = self.write(self.experiment(self.fault("ec2.terminate", **MEMBERS)))
        done = self.rebound("plan", "-f", manifest, "--store", self.store, "-o", "json")
        self.assertEqual(done.code, PASS, done)
        guard = next(g for g in done.run["plan"]["guards"] if g["name"] == "reportDestination")
        self.assertTrue(guard["message"].startswith("warning:"), guard)
        self.assertIn("sns:GetTopicAttributes", guard["message"])
        self.prove("plan: without the permission to look a warning, and no refusal")


if __name__ == "__main__":
    unittest.main()
