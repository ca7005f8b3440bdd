# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""The counting behind tools/test: a crash, a timeout and a silent skip must never look green; and
its list of rows: a test that does not say what it proves proves nothing."""

import sys
import unittest

sys.path.insert(0, sys.argv.pop(1))

import results  # noqa: E402  (The path comes from the command line.)
import rows  # noqa: E402

GTEST = """[       OK ] Frame.Fits (0 ms)
[  FAILED  ] Frame.Opens (1 ms)
[       OK ] Frames/Sweep.EveryLength/3 (0 ms)
[  FAILED  ] Frames/Sweep.EveryLength/4, where GetParam() = 4 (0 ms)
[  PASSED  ] 2 tests.
[  FAILED  ] 2 tests, listed below:
[  FAILED  ] Frame.Opens
"""


def record(result, stdout="", stderr=""):
    return {"name": "frame", "result": result, "stdout": stdout, "stderr": stderr,
            "duration": 0.1, "command": ["./frame"]}


class Counting(unittest.TestCase):
    """results.count()."""

    def numbers(self, *arguments):
        tally = results.count(record(*arguments), "build")
        return tally.passed, tally.failed, tally.skipped

    def test_single_cases_are_counted(self):
        self.assertEqual(self.numbers("FAIL", GTEST), (2, 2, 0))

    def test_failed_cases_are_named_in_the_command(self):
        failure = results.count(record("FAIL", GTEST), "build").failures[0]
        self.assertIn("--gtest_filter=Frame.Opens:Frames/Sweep.EveryLength/4", failure)

    def test_a_crash_after_good_cases_fails(self):
        self.assertEqual(self.numbers("FAIL", "[       OK ] A.B (0 ms)\n"), (1, 1, 0))

    def test_a_timeout_fails(self):
        self.assertEqual(self.numbers("TIMEOUT"), (0, 1, 0))

    def test_a_plain_program_is_one_case(self):
        self.assertEqual(self.numbers("OK", "all good"), (1, 0, 0))

    def test_unittest_counts(self):
        self.assertEqual(self.numbers("OK", "", "Ran 11 tests in 0.7s\n\nOK"), (11, 0, 0))
        text = "Ran 11 tests in 0.7s\n\nFAILED (failures=2, errors=1)"
        self.assertEqual(self.numbers("FAIL", "", text), (8, 3, 0))

    def test_a_skip_with_a_listed_reason_is_a_skip(self):
        self.assertEqual(self.numbers("SKIP", "skip: no-privilege: needs CAP_BPF"), (0, 0, 1))

    def test_a_skip_without_a_listed_reason_fails(self):
        self.assertEqual(self.numbers("SKIP", "not today"), (0, 1, 0))

    def test_a_skipped_case_needs_a_reason_too(self):
        text = "[       OK ] A.B (0 ms)\nSkipped\n{}\n[  SKIPPED ] A.C (0 ms)\n"
        self.assertEqual(self.numbers("OK", text.format("no-hugepages: none")), (1, 0, 1))
        self.assertEqual(self.numbers("OK", text.format("because")), (1, 1, 0))


CC = """
constexpr Row kRows[] = {
    {"F80", "/system/host-name"},
    {"F81", "/system/features"},
};
TEST(Classes, AgreeWithTheTable) {
  Check(kRows);
}
// F18: what waits for an apply.
TEST_F(Push,
       F31_F33_EveryCommitTravels) {
  const Row here[] = {{"F41", 1}};
}
TEST(Push, F3IsNotAWordAndProvesNothing) {
}
"""
PYTHON = '''"""A story. Rows: F76"""
class Pairing:
    def test_codes(self):
        """Two people compare.

        Rows: F11, F12
        """
    def test_nothing(self):
        """About F13."""
'''


class Rows(unittest.TestCase):
    """rows.of_cc(), rows.of_python()."""

    def test_names_comments_and_tables_of_a_gtest_source(self):
        found = {row: proof.test for row, proof in rows.of_cc("a.cc", CC)}
        table, push = "Classes.AgreeWithTheTable", "Push.F31_F33_EveryCommitTravels"
        self.assertEqual({"F80": table, "F81": table, "F18": push, "F31": push, "F33": push,
                          "F41": push}, found)

    def test_docstrings_of_a_python_test(self):
        found = {row: proof.test for row, proof in rows.of_python("a.py", PYTHON)}
        self.assertEqual({"F76": "the program", "F11": "Pairing.test_codes",
                          "F12": "Pairing.test_codes"}, found)

    def test_a_row_without_a_test_and_a_test_without_a_row_are_seen(self):
        proofs = {row: [rows.Proof("a", "b")] for row in rows.all_rows()}
        self.assertEqual(([], []), rows.missing(proofs))
        self.assertTrue(rows.conclusion(proofs)[1])
        proofs["F27"] = []
        proofs["F167"] = [rows.Proof("a", "b")]
        self.assertEqual((["F27"], ["F167"]), rows.missing(proofs))
        self.assertFalse(rows.conclusion(proofs)[1])


if __name__ == "__main__":
    unittest.main()
