# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What dataplanes have to do with configuration: theirs are reasons, too, shown on both nodes; and
who is active is who pushes."""

import os
import time
import unittest

from story import BUILD_ROOT, codes_of, find_programs, main, sync_status, topology, wait_for_sync

from lablib.lab import Lab
from lablib.pairing import name_of

PROGRAMS = ("lockstep-dataplane", "lockstepctl", "lockstep-configd")
SHOWN_S_MAX = 15.0


class OfDataplanes(unittest.TestCase):
    """One lab for all."""

    @classmethod
    def setUpClass(cls):
        options = topology.LabOptions(prefix=f"p{os.getpid() % 100_000}", configd=True, paired=True,
                                      programs=find_programs(BUILD_ROOT, PROGRAMS))
        cls.lab = Lab.up(options)
        cls.addClassCleanup(cls.lab.down)
        cls.active, cls.standby = cls.lab.start_all()
        cls.config = cls.lab.config

    def wait(self, what, condition, timeout_s=SHOWN_S_MAX):
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > timeout_s:
                said = {name: sorted(codes_of(sync_status(control)))
                        for name, control in self.config.items()}
                self.fail(f"no {what} after {timeout_s:.0f} s; reasons: {said}")
            time.sleep(0.02)
        return time.monotonic() - started

    def is_shown(self, name, code):
        return code in codes_of(sync_status(self.config[name]))

    def both(self, code, inject, clear):
        """Injected, the reason is shown on both nodes with a remedy; cleared, on none."""
        inject()
        began, took = time.monotonic(), {}

        def shown():
            for name in topology.NODES:
                if name not in took and self.is_shown(name, code):
                    took[name] = time.monotonic() - began
            return len(took) == 2

        try:
            self.wait(f"{code} on both nodes", shown)
            for name in topology.NODES:
                status = sync_status(self.config[name])
                rows = status.get("reasons", []) + [
                    row for remote in status.get("remotes", [])
                    for row in remote.get("reasons", []) + remote.get("their_reasons", [])]
                self.assertTrue(any(row.get("remedy") for row in rows if name_of(row) == code))
        finally:
            clear()
        gone = self.wait(f"end of {code}", lambda: not any(
            self.is_shown(name, code) for name in topology.NODES), 60.0)
        words = ", ".join(f"on {name} after {seconds:.2f} s" for name, seconds in sorted(
            took.items()))
        print(f"\n  {code} {words}; gone after {gone:.2f} s", flush=True)

    def test_a_dataplane_that_is_not_ready(self):
        """Rows: F163"""
        def clear():
            self.lab.start(self.standby)
            self.lab.wait_until_following()
            self.lab.wait_until_ready()

        self.both("PEER_DATAPLANE_NOT_READY", lambda: self.lab.stop(self.standby, 9), clear)

    def test_state_synchronisation_off(self):
        """Rows: F153"""
        def switch(value):
            for name in topology.NODES:
                self.lab.config[name].text("config", "set", "ha", "state-synchronization",
                                           "enabled", value)
                self.lab.config[name].commit(f"state synchronisation {value}")

        self.both("STATE_SYNC_DISABLED", lambda: switch("false"), lambda: switch("true"))
        self.lab.wait_until_ready()

    def test_the_state_link_is_cut(self):
        """Rows: F154"""
        def link(way):
            return lambda: self.lab.in_node_network(self.standby, "ip", "link", "set", "ha2", way)

        self.both("HA2_DOWN", link("down"), link("up"))
        self.lab.wait_until_ready()

    def test_only_the_active_node_may_change_what_both_have(self):
        """A commit on the standby is refused, with the reason; its own nodes are free.

        Rows: F3, F4, F78
        """
        for name in topology.NODES:
            wait_for_sync(self.config[name])
        control = self.config[self.standby]
        control.text("config", "set", "zones", "zone", "clients", "description", "of the standby")
        outcome = control.json("config", "commit", "--comment", "the wrong way")
        self.assertFalse(outcome.get("committed"), outcome)
        self.assertIn("SYNC_DIRECTION", str(outcome.get("problems")))
        control.text("config", "discard")
        control.text("config", "set", "system", "location", "a rack of its own")
        self.assertTrue(control.json("config", "commit", "--comment", "its own").get("committed"))


if __name__ == "__main__":
    main()
