# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""HA2 is cut under load: within a second exposure grows and both nodes say at-risk.

The link comes back: nothing is exposed any more, and the tables are equal.
"""

import time

from story import Story, main, number

SESSIONS = 5_000
BATCH = 200           # Sessions made between two looks.
WATCHED_S = 3.0
NOTICED_S = 1.0


class CutHa2(Story):
    def test_exposure_grows_and_the_pair_says_at_risk(self):
        active, standby = self.start_both()
        self.fill(active, SESSIONS)
        self.wait_for("a peer that holds all", lambda: self.exposure(active) == (0, 0))
        self.lab.in_node_network(active, "ip", "link", "set", "ha2", "down")
        cut = time.monotonic()
        looks = self.look_while_changes_come(active, cut)
        self.assertGreater(looks[-1]["changes"], looks[0]["changes"], looks)
        for earlier, later in zip(looks, looks[1:]):
            self.assertGreaterEqual(later["changes"], earlier["changes"], looks)
            self.assertGreater(later["age_us"], earlier["age_us"], looks)
        noticed = next(look for look in looks if look["readiness"] == "at-risk")
        self.assertLess(noticed["after_s"], NOTICED_S, looks)
        self.assertGreater(noticed["age_us"], 0, looks)
        self.assertEqual("ha2-silent", noticed["reason"])
        self.check_what_both_show(active, standby)

        self.lab.in_node_network(active, "ip", "link", "set", "ha2", "up")
        self.wait_for("a synced peer", lambda: self.peer_readiness(active) == "synced")
        self.wait_for("no exposure", lambda: self.exposure(active) == (0, 0))
        self.assert_dumps_agree()

    def look_while_changes_come(self, active, cut):
        """What the active says of its session table again and again, with the time since `cut`."""
        looks, made = [], SESSIONS
        while time.monotonic() < cut + WATCHED_S:
            made += BATCH
            self.lab.control[active].text("debug", "fill-sessions", "--count", str(made))
            asked = time.monotonic()
            table = self.lab.control[active].json("peer")["tables"][0]
            looks.append({"after_s": asked - cut, "changes": number(table, "exposure_changes"),
                          "age_us": number(table, "exposure_age_us"),
                          "readiness": table["readiness"], "reason": table["reason"]})
        return looks

    def check_what_both_show(self, active, standby):
        self.assertEqual("at-risk", self.peer_readiness(active))
        text = self.lab.control[active].text("peer")
        self.assertRegex(text, r"(?m)^READINESS +at-risk\(ha2-silent\)$")
        self.assertRegex(text, r"(?m)^session .* at-risk\(ha2-silent\) ")
        status = self.lab.control[standby].json("status")
        self.assertEqual(("at-risk", "ha2-silent"),
                         (status["readiness"], status["readiness_reason"]))
        self.assertIn("-> at-risk(ha2-silent)", self.lab.log_tail(standby, 50))
        self.assertIn("-> at-risk(ha2-silent)", self.lab.log_tail(active, 50))

    def peer_readiness(self, active):
        return self.lab.control[active].json("peer")["readiness"]

    def exposure(self, active):
        status = self.lab.control[active].json("status")
        return number(status, "exposure_changes"), number(status, "exposure_age_us")


if __name__ == "__main__":
    main()
