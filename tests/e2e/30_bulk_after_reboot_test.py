# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""A standby that was rebooted pulls everything again and ends with the same tables."""

import signal

from story import Story, main

SESSIONS = 50_000


class BulkAfterReboot(Story):
    def test_ends_with_equal_tables(self):
        active, standby = self.start_both()
        self.fill(active, SESSIONS)
        self.lab.stop(standby, signal.SIGKILL)
        self.wait_for("active without peer", lambda: self.readiness(active) != "synced")

        self.lab.start(standby)
        self.lab.wait_until_ready()
        self.assertGreaterEqual(self.session_counts()[standby], SESSIONS)
        self.assert_dumps_agree()

    def test_a_standby_that_starts_late_pulls_too(self):
        self.lab.start("a")
        self.wait_for("node a alone as active", lambda: self.role("a") == "active")
        self.lab.control["a"].text("debug", "fill-sessions", "--count", str(SESSIONS))
        self.wait_for("sessions on a", lambda: self.session_counts()["a"] >= SESSIONS)
        self.lab.start("b")
        self.lab.wait_until_ready()
        self.assertEqual("active", self.role("a"))
        self.assert_dumps_agree()

    def readiness(self, node):
        return (self.lab.control[node].status_or_none() or {}).get("peer_readiness")

    def role(self, node):
        return (self.lab.control[node].status_or_none() or {}).get("role")


if __name__ == "__main__":
    main()
