# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""The mutants of tests/mutants: each is in its file once, each test that it must turn red exists
and is one of its row, and each row that is due has one, or a sentence why none. That tests do turn
red is what tools/test --mutants shows."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))

import mutants  # noqa: E402  (The path comes from the command line.)
import rows  # noqa: E402

TEST = """
TEST(Push, F18_WaitsForApply) {
}
TEST_F(Push,
       F31_EveryCommitTravels) {
}
"""
GOOD = {"row": "F18", "file": "push.cc", "find": "is_applied", "replace": "!is_applied",
        "suite": "push", "red": ["Push.F18_WaitsForApply"]}


class OfThisCheckout(unittest.TestCase):
    """What is in tests/mutants."""

    def test_each_can_prove_its_row_and_none_is_left_out(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        due = rows.expand("F3-F36 F41-F43 F73-F79 F150 F153-F166 N15-N20")
        self.assertEqual([], mutants.faults(root, mutants.load(root), due))


class Faults(unittest.TestCase):
    """mutants.faults(), shown what breaks each of its rules."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "tests" / "mutants").mkdir(parents=True)
        (self.root / "tests" / "push_test.cc").write_text(TEST)
        (self.root / "push.cc").write_text("if (is_applied) Push();\n")

    def faults(self, due=(), **changes):
        entries = json.dumps([{**GOOD, **changes}])
        (self.root / "tests" / "mutants" / "push.json").write_text(entries)
        return " ".join(mutants.faults(self.root, mutants.load(self.root), due))

    def test_a_sound_mutant_has_none(self):
        self.assertEqual("", self.faults(due=["F18"]))

    def test_each_rule_fires(self):
        for changes, words in (
                ({"find": "is_held"}, "0 times"),
                ({"find": "p"}, "2 times"),
                ({"file": "pull.cc"}, "0 times"),
                ({"replace": "is_applied"}, "changes nothing"),
                ({"suite": ""}, "no suite"),
                ({"red": ["Push.F18_Waits"]}, "no test Push.F18_Waits"),
                ({"red": ["Push.F31_EveryCommitTravels"]}, "one of the row"),
                ({"red": []}, "one of the row"),
                ({"why_none": "shown by a story"}, "says why it is not"),
                ({"due": ["F18", "F19"]}, "F19: has no mutant"),
        ):
            with self.subTest(words=words, changes=changes):
                self.assertIn(words, self.faults(**changes))

    def test_a_reason_is_as_good(self):
        entries = [{"row": "F18", "why_none": "shown by a story alone"}]
        (self.root / "tests" / "mutants" / "push.json").write_text(json.dumps(entries))
        self.assertEqual([], mutants.faults(self.root, mutants.load(self.root), ["F18"]))


class Output(unittest.TestCase):
    """What of a test program's output is red."""

    def test_a_failure_a_crash_and_a_hang_are(self):
        text = ("[ RUN      ] A.Well\n[       OK ] A.Well (0 ms)\n[ RUN      ] A.Fails\n"
                "[  FAILED  ] A.Fails (1 ms)\n[ RUN      ] A.Skips\nskip: no-tool: x\n"
                "[  SKIPPED ] A.Skips (0 ms)\n[ RUN      ] A.Dies\n")
        self.assertEqual(["A.Fails", "A.Dies"], mutants.red_of(text))


if __name__ == "__main__":
    unittest.main()
