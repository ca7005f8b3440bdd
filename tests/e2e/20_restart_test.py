# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""A node that is killed and started again at once finds its sessions on the peer, not lost.

HA1 is cut, so that no closing TCP connection tells of the death, and the detection time is longer
than a restart: the peer learns of it from the new boot id. Whatever the order, no session may go.
"""

from story import Story, main

SESSIONS = 5_000


class RestartWithinDetectionTime(Story):
    options = {"heartbeat_ms": 1000}

    def test_loses_no_session(self):
        active, standby = self.start_both()
        self.fill(active, SESSIONS)
        before = self.dumps()[standby]
        self.assertGreaterEqual(len(before), SESSIONS)

        self.cut("ha1", active)
        self.lab.kill(active)
        self.lab.clear_away(active)
        self.lab.start(active)

        self.wait_for("takeover by the peer", lambda: self.role(standby) == "active")
        self.wait_for("restarted node as synced standby", lambda: self.is_synced_standby(active))
        held = self.session_counts()
        self.assertGreaterEqual(min(held.values()), SESSIONS, held)
        self.assert_dumps_agree()

    def cut(self, interface, node):
        self.lab.in_node_network(node, "ip", "link", "set", interface, "down")

    def role(self, node):
        return (self.lab.control[node].status_or_none() or {}).get("role")

    def is_synced_standby(self, node):
        status = self.lab.control[node].status_or_none() or {}
        return (status.get("role"), status.get("readiness")) == ("standby", "synced")


if __name__ == "__main__":
    main()
