# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""The judgement behind tools/drill config: what it counts, and secrets in whatever writing."""

import base64
import sys
import unittest

sys.path.insert(0, sys.argv.pop(1))

from drilllib import pair_outcome, wire_secrets  # noqa: E402  (The path comes first.)
from drilllib.config_outcome import Step  # noqa: E402

SECRET = "correct-horse-battery"


class Secrets(unittest.TestCase):
    """wire_secrets.leaks_in()."""

    def found(self, data):
        return bool(wire_secrets.leaks_in("here", data, {"password": SECRET}))

    def test_plain_and_hexadecimal(self):
        self.assertTrue(self.found(b"xx" + SECRET.encode() + b"yy"))
        self.assertTrue(self.found(SECRET.encode().hex().encode()))
        self.assertTrue(self.found(SECRET.encode().hex().upper().encode()))

    def test_base64_at_any_place(self):
        for before in range(4):
            for after in range(4):
                data = b"k" * before + SECRET.encode() + b"z" * after
                self.assertTrue(self.found(base64.b64encode(data)), (before, after))

    def test_something_else_is_no_leak(self):
        self.assertFalse(self.found(b"correct-horse-batter"))


class Figures(unittest.TestCase):
    """pair_outcome.Tally and as_json()."""

    def test_what_waited_counts_when_it_is_proven(self):
        tally = pair_outcome.Tally()
        tally.committed({"committed": True, "remotes": [{"state": "applied"}]})
        tally.committed({"committed": True, "remotes": [
            {"state": "pending", "reasons": [{"code": "PEER_API_DOWN"}]}]})
        self.assertEqual((2, 1), (tally.commits, tally.applied_both))
        tally.proven()
        self.assertEqual((2, 2), (tally.commits, tally.applied_both))
        self.assertEqual({"PEER_API_DOWN"}, tally.reasons)

    def test_a_refusal_is_no_commit(self):
        tally = pair_outcome.Tally()
        tally.committed({"problems": {"list": [{"code": "X"}]}, "remotes": [{"state": "refused"}]})
        self.assertEqual((0, 1), (tally.commits, tally.refused))

    def test_the_verdict(self):
        tally = pair_outcome.Tally()
        keys = ["drill", "commits", "applied_both", "refused", "torn", "lost", "secrets_leaked",
                "reasons_seen", "verdict"]
        self.assertEqual(keys, list(pair_outcome.as_json(tally, [], [])))
        self.assertEqual("pass", pair_outcome.verdict_of(tally, [Step("s")], []))
        self.assertEqual("fail", pair_outcome.verdict_of(tally, [Step("s", faults=["x"])], []))
        self.assertEqual("fail", pair_outcome.verdict_of(tally, [], ["control"]))
        tally.lost.append("a commit")
        self.assertEqual("fail", pair_outcome.verdict_of(tally, [], []))


if __name__ == "__main__":
    unittest.main()
