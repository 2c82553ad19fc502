# SPDX-License-Identifier: Apache-2.0
"""A list that comes in seven pages: nothing is planned on a part of it."""
import os
import unittest

from driving import ERROR, PASS, ReboundCase

ALONE = {"tags": {"app": "standalone"}}


class SevenPages(ReboundCase):
    options = ("--size=2", "--standalone=7", "--page-size=1")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.control, "heal")
        self.manifest = self.write(self.experiment(self.fault("ec2.stop", duration="1s", **ALONE)))

    def pages(self):
        return [e for e in self.truth("answered") if e["action"] == "DescribeInstances"]

    def plan(self):
        return self.rebound("plan", "-f", self.manifest, "--store", self.store, "-o", "json")

    def test_all_seven_pages_are_read_when_they_can_be(self):
        done = self.plan()
        self.assertEqual(done.code, PASS, done)
        selection = done.run["plan"]["selections"][0]
        self.assertEqual((selection["found"], selection["eligible"]), (7, 7))
        self.assertEqual([p["status"] for p in self.pages()][:7], [200] * 7, "seven pages were answered")
        self.prove("seven pages, seven instances found")

    def test_page_four_failing_plans_nothing(self):
        self.control("fail", action="DescribeInstances", page=4)
        planned = self.plan()
        self.assertEqual(planned.code, ERROR, planned)
        self.assertNotIn("plan", planned.run or {}, "not even a plan of what was read")
        self.assertIn("DescribeInstances", planned.said)
        statuses = [p["status"] for p in self.pages()]
        self.assertEqual(statuses[:3], [200] * 3, "three pages were read")
        self.assertEqual(set(statuses[3:]), {500}, "and the fourth never")
        self.assertFalse(os.path.exists(self.store))
        done = self.starting(self.manifest).end()
        self.assertEqual(done.code, ERROR, done)
        self.assertEqual(done.injections, [])
        self.assertEqual(self.acting_calls(), [])
        self.assertEqual(self.truth("kill"), [])
        self.prove("seven pages with page four failing: no plan, no injection, an error")

    def test_page_four_failing_once_is_asked_again(self):
        self.control("fail", action="DescribeInstances", page=4, times=1)
        done = self.plan()
        self.assertEqual(done.code, PASS, done)
        self.assertEqual(done.run["plan"]["selections"][0]["found"], 7)
        self.assertIn(500, [p["status"] for p in self.pages()])
        self.prove("page four failing once: asked again, seven found")


if __name__ == "__main__":
    unittest.main()
