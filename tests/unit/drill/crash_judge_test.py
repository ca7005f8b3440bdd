# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What the crash campaign calls whole, torn and lost."""

import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))

from drilllib.crash_judge import CrashLedger, expected_marks, marks_of  # noqa: E402


def config_of(number, **changes):
    """The running configuration after commit `number`; a change replaces the mark of a place."""
    marks = expected_marks(number) | {name.replace("_", " "): value
                                      for name, value in changes.items()}

    def named(kind, leaf):
        return [{"name": place.split(" ", 1)[1], leaf: value} for place, value in marks.items()
                if place.startswith(kind + " ")]

    config = {"lockstep-zones:zones": {"zone": named("zone", "description")},
              "lockstep-objects:objects": {"address": named("address", "prefix"),
                                           "address-group": named("group", "description")},
              "lockstep-policy:policy": {"rule": named("rule", "description")}}
    if "host-name" in marks:
        config["lockstep-system:system"] = {"host-name": marks["host-name"]}
    return config


def ledger_at(number):
    ledger = CrashLedger()
    for i in range(1, number + 1):
        ledger.begin(i)
        ledger.done(i, 10 + i, f"hash {i}")
    return ledger


class Marks(unittest.TestCase):
    def test_are_found_where_they_are_expected(self):
        for number in (0, 1, 63, 64, 65, 70_000):
            self.assertEqual(expected_marks(number), marks_of(config_of(number)))

    def test_each_number_looks_different_from_the_one_before(self):
        seen = [tuple(sorted(expected_marks(number).items())) for number in range(200)]
        self.assertEqual(200, len(set(seen)))

    def test_an_entry_changes_every_64_commits(self):
        self.assertEqual("6", expected_marks(69)["rule turn-6"])
        self.assertEqual("70", expected_marks(70)["rule turn-6"])


class Ledger(unittest.TestCase):
    def test_an_acknowledged_commit_that_runs_is_fine(self):
        ledger = ledger_at(3)
        ledger.found(13, "hash 3", config_of(3))
        self.assertEqual([], ledger.faults)
        self.assertEqual(3, ledger.commits)

    def test_a_fresh_store_is_fine(self):
        ledger = CrashLedger()
        ledger.found(1, "defaults", {})
        self.assertEqual([], ledger.faults)

    def test_a_commit_in_flight_may_have_landed(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(14, "hash 4", config_of(4))
        self.assertEqual([], ledger.faults)
        self.assertEqual((1, 0, 4), (ledger.landed_unseen, ledger.undone_unseen,
                                     ledger.last.number))

    def test_a_commit_in_flight_may_have_been_undone(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(13, "hash 3", config_of(3))
        self.assertEqual([], ledger.faults)
        self.assertEqual((0, 1, 3), (ledger.landed_unseen, ledger.undone_unseen,
                                     ledger.last.number))

    def test_what_was_found_once_may_not_be_lost_later(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(14, "hash 4", config_of(4))
        ledger.found(13, "hash 3", config_of(3))
        self.assertEqual(1, len(ledger.lost))

    def test_an_older_commit_is_a_loss(self):
        ledger = ledger_at(3)
        ledger.found(12, "hash 2", config_of(2))
        self.assertEqual((1, 0), (len(ledger.lost), len(ledger.torn)))

    def test_an_empty_store_is_a_loss(self):
        ledger = ledger_at(3)
        ledger.found(1, "defaults", {})
        self.assertEqual(1, len(ledger.lost))

    def test_two_numbers_are_torn(self):
        for place in ("zone_last", "address_mark", "group_marks", "rule_mark", "rule_turn-4"):
            ledger = ledger_at(3)
            ledger.begin(4)
            ledger.found(14, "hash 4", config_of(4, **{place: "3"}))
            self.assertEqual((0, 1), (len(ledger.lost), len(ledger.torn)), place)
            self.assertIn(place.replace("_", " "), ledger.torn[0])

    def test_half_of_an_undone_commit_is_torn(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(13, "hash 3", config_of(3, rule_mark="4"))
        self.assertEqual(1, len(ledger.torn))

    def test_another_hash_than_acknowledged_is_torn(self):
        ledger = ledger_at(3)
        ledger.found(13, "hash x", config_of(3))
        self.assertEqual(1, len(ledger.torn))

    def test_another_revision_than_acknowledged_is_torn(self):
        ledger = ledger_at(3)
        ledger.found(12, "hash 3", config_of(3))
        self.assertEqual(1, len(ledger.torn))

    def test_a_landed_commit_has_a_revision_of_its_own(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(13, "hash 4", config_of(4))
        self.assertEqual(1, len(ledger.torn))

    def test_a_future_commit_is_torn(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.found(15, "hash 5", config_of(5))
        self.assertEqual(1, len(ledger.torn))

    def test_a_refusal_is_a_fault(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.refused(4, "no")
        self.assertEqual(1, len(ledger.faults))

    def test_revisions_grow(self):
        ledger = ledger_at(3)
        ledger.begin(4)
        ledger.done(4, 13, "hash 4")
        self.assertEqual(1, len(ledger.faults))

    def test_one_fault_is_told_once(self):
        ledger = ledger_at(3)
        ledger.found(12, "hash 2", config_of(2))
        ledger.found(12, "hash 2", config_of(2))
        self.assertEqual(1, len(ledger.faults))


if __name__ == "__main__":
    unittest.main()
