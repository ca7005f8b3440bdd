# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""With two HA2 links, either one is cut under load: the standby stays synced, nothing is lost."""

import subprocess
import sys
import time

from story import Story, main, number, topology

SESSIONS = 20_000
CUT_S = 3
SILENCE_MS = 40       # Four heartbeats of 10 ms: then a link counts as dead.
HEARTBEAT_MS = 10    # The peer may have heard less, and its word counts, too.
SCHEDULING_MS = 60    # How late the sync loop may be on a machine whose cores all work.
LINKS = {"ha2": "ha2", "ha2_second": "ha3"}  # Name in the node file → kernel interface.


class TwoHa2Links(Story):
    options = {"ha2_links": 2}

    def test_either_one_may_be_cut_under_load(self):
        active, standby = self.start_both()
        self.fill(active, SESSIONS)
        self.wait_for("both links in use",
                      lambda: all(self.used(active, name) for name in LINKS))
        before = self.counters()
        with self.traffic():
            for name, interface in LINKS.items():
                self.cut(active, standby, name, interface)
        self.assert_dumps_agree()
        after = self.counters()
        for node in topology.NODES:
            for counter in ("replication.bulks_started", "replication.digests_differed",
                            "replication.frames_lost", "ha2.peer_connected"):
                self.assertEqual(before[node].get(counter, 0), after[node].get(counter, 0),
                                 f"{counter} of node {node}")

    def cut(self, active, standby, name, interface):
        """Takes one link away for a while and gives it back."""
        self.lab.in_node_network(active, "ip", "link", "set", interface, "down")
        deadline = time.monotonic() + CUT_S
        while time.monotonic() < deadline:
            self.expect_healthy(active, standby)
        self.wait_for(f"{name} left", lambda: not self.used(active, name))
        for node in (active, standby):
            reasons = self.lab.control[node].json("status").get("reasons", [])
            self.assertTrue(any(f"(ha.{name})" in reason for reason in reasons), reasons)
            self.assertIn(f"HA2 link ha.{name}: not used any more", self.lab.log_tail(node, 50))
        after_ms = number(self.link(active, name), "left_after_ms")
        print(f"{name}: left after {after_ms} ms of silence", file=sys.stderr)
        self.assertGreaterEqual(after_ms, SILENCE_MS - HEARTBEAT_MS)
        self.assertLess(after_ms, SILENCE_MS + SCHEDULING_MS)
        self.assertRegex(self.lab.control[active].text("peer"), rf"(?m)^{name} .* no +{after_ms} ")
        self.lab.in_node_network(active, "ip", "link", "set", interface, "up")
        self.wait_for(f"{name} in use again", lambda: self.used(active, name))
        self.expect_healthy(active, standby)

    def expect_healthy(self, active, standby):
        """Roles stay, and equality stays proven."""
        status = self.lab.control[standby].json("status")
        self.assertEqual(("standby", "synced"), (status.get("role"), status.get("readiness")),
                         status)
        status = self.lab.control[active].json("status")
        self.assertEqual("active", status.get("role"), status)
        self.assertLess(number(status, "exposure_age_us"), 500_000, status)

    def link(self, node, name):
        links = self.lab.control[node].json("peer")["ha2"]
        return next(link for link in links if link["name"] == name)

    def used(self, node, name):
        return self.link(node, name).get("used", False)

    def counters(self):
        return {node: self.lab.control[node].counters() for node in topology.NODES}

    def traffic(self):
        return Traffic(self.lab)


class Traffic:
    """Kernel TCP and UDP flows through the pair while the block runs."""

    def __init__(self, lab):
        self._lab = lab
        self._programs = []

    def __enter__(self):
        for role in ("server", "client"):
            program = subprocess.Popen(
                ["ip", "netns", "exec", self._lab.options.namespace(role),
                 str(self._lab.options.programs["lockstep-traffic"]), role,
                 topology.SERVER_ROUTED, topology.SERVER_TRANSLATED],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self._programs.append(program)
            program.stdout.readline()
        return self

    def __exit__(self, *_):
        for program in reversed(self._programs):
            program.communicate("stop\n", timeout=20)


if __name__ == "__main__":
    main()
