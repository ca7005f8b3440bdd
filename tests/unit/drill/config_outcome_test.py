# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What the drill config-local promises to other programs, and what makes it fail."""

import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))

from drilllib.config_outcome import (FlowCount, Step, as_json, judge_deny,  # noqa: E402
                                     judge_swap, rows_of)
from drilllib.crash_campaign import Campaign  # noqa: E402
from drilllib.crash_judge import CrashLedger  # noqa: E402
from drilllib.summary import table  # noqa: E402
from reports import udp_flow  # noqa: E402


def flow(**changes):
    return FlowCount(**({"sent": 60_000, "echoed": 60_000, "stale": 0, "unsent": 0, "corrupt": 0,
                         "gap_ms_max": 1.0} | changes))


def swap_faults(**changes):
    step = Step("swap")
    judge_swap(step, flow(**changes), swaps=5)
    return step.faults


def deny_faults(planned=12, ended=12, left=0, wanted=12):
    step = Step("deny")
    judge_deny(step, planned, ended, left, wanted)
    return step.faults


class Swap(unittest.TestCase):
    def test_without_a_loss_is_fine(self):
        self.assertEqual([], swap_faults())

    def test_one_lost_datagram_is_a_fault(self):
        self.assertEqual(1, len(swap_faults(echoed=59_999)))

    def test_a_late_datagram_is_not_lost(self):
        self.assertEqual([], swap_faults(echoed=59_999, stale=1))

    def test_too_few_datagrams_prove_nothing(self):
        self.assertEqual(1, len(swap_faults(sent=100, echoed=100)))

    def test_a_wrong_byte_is_a_fault(self):
        self.assertEqual(1, len(swap_faults(corrupt=1)))

    def test_counts_come_from_a_report(self):
        found = FlowCount.of(udp_flow(1))
        self.assertEqual((8000, 7970, 30, 90.0),
                         (found.sent, found.echoed, found.lost, found.gap_ms_max))


class Deny(unittest.TestCase):
    def test_a_right_plan_is_fine(self):
        self.assertEqual([], deny_faults())

    def test_a_wrong_plan_is_a_fault(self):
        self.assertTrue(deny_faults(planned=0))
        self.assertTrue(deny_faults(ended=0))
        self.assertTrue(deny_faults(planned=40, ended=40))

    def test_sessions_that_are_left_are_a_fault(self):
        self.assertTrue(deny_faults(left=1))


class Json(unittest.TestCase):
    def campaign(self, **changes):
        return Campaign(CrashLedger(commits=2500, **changes), kills=1000)

    def test_begins_with_the_promised_keys(self):
        figures = as_json([Step("a")], self.campaign(), 12, [], 7)
        self.assertEqual(["drill", "commits", "torn", "lost", "kills", "verdict"],
                         list(figures)[:6])
        self.assertEqual(("config-local", 2512, 0, 0, 1000, "pass"), tuple(figures.values())[:6])

    def test_a_fault_anywhere_fails_it(self):
        bad = Step("a")
        bad.need(False, "no")
        cases = ((([bad], self.campaign(), 0, [], 1), 0, 0),
                 (([], self.campaign(torn=["x"]), 0, [], 1), 1, 0),
                 (([], self.campaign(lost=["x"]), 0, [], 1), 0, 1),
                 (([], self.campaign(other=["x"]), 0, [], 1), 0, 0),
                 (([], self.campaign(), 0, ["a tear was not seen"], 1), 0, 0))
        for arguments, torn, lost in cases:
            figures = as_json(*arguments)
            self.assertEqual("fail", figures["verdict"])
            self.assertEqual((torn, lost), (figures["torn"], figures["lost"]))

    def test_the_story_can_be_told_without_the_campaign(self):
        self.assertEqual("pass", as_json([Step("a")], None, 3, [], 1)["verdict"])


class Table(unittest.TestCase):
    def test_shows_steps_campaign_and_controls(self):
        step = Step("swap")
        step.need(False, "no")
        text = "\n".join(table(rows_of([step, Step("x")], Campaign(CrashLedger(), kills=3),
                                       [("planted tear", True, "refused")])))
        for words in ("FAIL", "ok", "torn, lost", "0, 0", "control: planted tear", "seen"):
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main()
