# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Why two nodes do not synchronise: each condition is made from outside, is shown on both nodes
with evidence and remedy, does what it says, and clears.

Times until it is shown are printed. They are not asserted tightly: a busy machine is no fault."""

import contextlib
import json
import os
import signal
import time
import unittest

from story import (BUILD_ROOT, LabError, find_programs, main, remote_of, sync_status,
                   wait_for_sync)

from lablib.pairing import name_of
from lablib.ring import Ring

SHOWN_S_MAX = 10.0
HELD_S = 1.0           # So long nothing may travel while a reason blocks.
HERE, THERE = "a", "b"
BOTH = (HERE, THERE)


class Reasons(unittest.TestCase):
    """One pair for all; each test leaves it as it was, and proves that."""

    @classmethod
    def setUpClass(cls):
        programs = find_programs(BUILD_ROOT, ("lockstepctl", "lockstep-configd"))
        cls.ring = cls.enterClassContext(Ring(f"q{os.getpid() % 100_000}", programs))
        cls.ring.paired()
        cls.config = cls.ring.config
        cls.turn = 0
        for control in cls.config.values():
            wait_for_sync(control)

    def setUp(self):
        self.addCleanup(self.prove_in_sync)

    def prove_in_sync(self):
        """A change travels, and both are equal."""
        for control in self.config.values():
            wait_for_sync(control)
        words = self.commit_here()
        self.wait("the next change on b", lambda: words in self.running(THERE))
        for control in self.config.values():
            wait_for_sync(control)

    # --- Words of the tests ----------------------------------------------------------------------

    def wait(self, what, condition, timeout_s=SHOWN_S_MAX):
        """Seconds until condition() holds."""
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > timeout_s:
                said = {name: self.codes(name) for name in BOTH}
                self.fail(f"no {what} after {timeout_s:.0f} s; reasons: {said}")
            time.sleep(0.02)
        return time.monotonic() - started

    def running(self, name):
        return self.config[name].text("config", "show")

    def rows(self, name):
        """All reasons that a node shows: its own, of its remotes, and theirs."""
        status = sync_status(self.config[name])
        rows = list(status.get("reasons", []))
        for remote in status.get("remotes", []):
            rows += remote.get("reasons", []) + remote.get("their_reasons", [])
        return rows

    def codes(self, name):
        """With their subjects, and without."""
        rows = self.rows(name)
        return sorted({name_of(row) for row in rows} | {row["code"] for row in rows})

    def commit_here(self):
        """A change on a that travels if anything does. Returns words that only it has."""
        type(self).turn += 1
        words = f"turn {self.turn}"
        self.ring.set(HERE, "zones", "zone", "first", "description", words)
        self.config[HERE].json("config", "commit", "--comment", words)
        return words

    def commit(self, name, *words):
        self.ring.set(name, *words)
        return self.config[name].commit(" ".join(words)[:60])

    def inventory(self, name, facts):
        """Writes the inventory of a node; None removes it."""
        path = self.ring.node_folder(name) / "state" / "inventory.json"
        if facts is None:
            path.unlink()
            return
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(fresh, path)

    @contextlib.contextmanager
    def shown(self, inject, clear, blocks=True, **codes):
        """Injects, waits until each node (a=…, b=…) shows its code, has what is inside of the
        block happen, clears, and waits until it is gone."""
        inject()
        injected, took = time.monotonic(), {}

        def all_shown():
            for name, code in codes.items():
                if name not in took and code in self.codes(name):
                    took[name] = time.monotonic() - injected
            return len(took) == len(codes)

        try:
            self.wait(f"{codes}", all_shown)
            for name, code in codes.items():
                self.check_row(name, code)
            if blocks:
                self.check_blocked()
            yield
        finally:
            clear()
        cleared = time.monotonic()
        self.wait(f"end of {codes}", lambda: not any(
            code in self.codes(name) for name, code in codes.items()))
        gone = time.monotonic() - cleared
        words = ", ".join(f"{codes[name]} on {name} after {seconds:.2f} s"
                          for name, seconds in sorted(took.items()))
        print(f"\n  {words}; gone after {gone:.2f} s", flush=True)

    def check_row(self, name, code):
        """Evidence and remedy are there, for people."""
        rows = [row for row in self.rows(name) if code in (name_of(row), row["code"])]
        self.assertTrue(any(row.get("remedy") for row in rows), rows)
        self.assertTrue(any(row.get("evidence") for row in rows), rows)

    def check_blocked(self):
        """Nothing travels; the status does not say "in-sync" of what differs."""
        words = self.commit_here()
        time.sleep(HELD_S)
        with contextlib.suppress(LabError):
            self.assertNotIn(words, self.running(THERE), "a change travelled in spite of it")
        state = remote_of(sync_status(self.config[HERE])).get("state")
        self.assertNotEqual("in-sync", state)

    def both(self, code, inject, clear, blocks=True):
        with self.shown(inject, clear, blocks, a=code, b=code):
            pass

    def differ(self, code, facts, blocks=True):
        """A fact of the inventory of b."""
        self.both(code, lambda: self.inventory(THERE, facts),
                  lambda: self.inventory(THERE, None), blocks)

    def differ_feature(self, leaf, name):
        """A feature of the configuration of b."""
        self.both(f"FEATURE_MISMATCH({name})",
                  lambda: self.commit(THERE, "system", "features", leaf, "true"),
                  lambda: self.commit(THERE, "system", "features", leaf, "false"))

    # --- Two nodes that differ -------------------------------------------------------------------

    def test_releases_too_far_apart(self):
        """Rows: F156"""
        self.differ("VERSION_INCOMPATIBLE", {"release": "9.9.0"})

    def test_licences(self):
        """Rows: F165"""
        self.differ("LICENSE_MISMATCH", {"licenses": ["threat"]})

    def test_content_databases(self):
        """Rows: F164"""
        self.differ("CONTENT_DB_INCOMPATIBLE", {"content-database": "8791-1204"})

    def test_a_plugin_warns(self):
        """Rows: F166"""
        self.differ("PLUGIN_MISMATCH(sd-wan)", {"plugins": {"sd-wan": "3.0.1"}}, blocks=False)

    def test_a_required_plugin_blocks(self):
        """Rows: F166"""
        self.differ("PLUGIN_MISMATCH(sd-wan)",
                    {"plugins": {"sd-wan": {"version": "3.0.1", "required": True}}})

    def test_machines_withhold_interfaces_alone(self):
        """Rows: F19"""
        with self.shown(lambda: self.inventory(THERE, {"hardware": "FW-3400, ports 8 x 10G"}),
                        lambda: self.inventory(THERE, None), False,
                        a="HW_MODEL_MISMATCH", b="HW_MODEL_MISMATCH"):
            words = self.commit_here()
            self.wait("another category on b", lambda: words in self.running(THERE))

    def test_multi_vsys(self):
        """Rows: F158"""
        self.differ_feature("virtual-systems", "vsys")

    def test_gtp(self):
        """Rows: F159"""
        self.differ_feature("gtp", "gtp")

    def test_sctp(self):
        """Rows: F160"""
        self.differ_feature("sctp", "sctp")

    def test_vpn(self):
        """Rows: F161"""
        self.differ_feature("vpn", "vpn")

    def test_any_other_feature(self):
        """Rows: F162"""
        self.differ("FEATURE_MISMATCH(tls-inspection)", {"features": {"tls-inspection": True}})

    # --- Switches --------------------------------------------------------------------------------

    def switch(self, name, value):
        return lambda: self.commit(name, "ha", "configuration-synchronization", "enabled", value)

    def test_synchronisation_off_on_the_peer(self):
        """Rows: F155, F77"""
        with self.shown(self.switch(THERE, "false"), self.switch(THERE, "true"),
                        a="CONFIG_SYNC_DISABLED_PEER", b="CONFIG_SYNC_DISABLED_LOCAL"):
            pass

    def test_synchronisation_off_here(self):
        """Rows: F155, F77"""
        with self.shown(self.switch(HERE, "false"), self.switch(HERE, "true"),
                        a="CONFIG_SYNC_DISABLED_LOCAL", b="CONFIG_SYNC_DISABLED_PEER"):
            pass

    def test_a_pinned_peer_stays_at_what_is_good(self):
        """Rows: F43"""
        self.both("RECEIVE_PINNED", lambda: self.config[THERE].text("config", "sync", "pin"),
                  lambda: self.config[THERE].text("config", "sync", "unpin"))

    # --- Who is who ------------------------------------------------------------------------------

    def test_a_wrong_password(self):
        """Rows: F29"""
        place = ("ha", "configuration-synchronization", "local-password")
        control = self.config[THERE]

        def clear():
            control.text("config", "delete", *place)
            control.commit("the password of the pairing")

        with self.shown(lambda: self.commit(THERE, *place, "another-password"), clear,
                        a="AUTH_FAILED", b="AUTH_FAILED"):
            pass

    def test_another_user_is_refused(self):
        """Rows: F10"""
        place = ("ha", "configuration-synchronization", "remote", "b", "user")
        with self.shown(lambda: self.commit(HERE, *place, "admin"),
                        lambda: self.commit(HERE, *place, "hasync"), a="PEER_FORBIDDEN"):
            pass

    # --- The way there ---------------------------------------------------------------------------

    def test_the_peers_daemon_is_stopped(self):
        """Rows: F9, F32"""
        with self.shown(lambda: self.ring.stop(THERE), lambda: self.ring.start(THERE), False,
                        a="PEER_API_DOWN"):
            pass

    def test_the_peers_daemon_hangs(self):
        """Rows: F32"""
        with self.shown(lambda: self.ring.signal(THERE, signal.SIGSTOP),
                        lambda: self.ring.signal(THERE, signal.SIGCONT), False,
                        a="PEER_TIMEOUT"):
            pass

    def test_the_port_is_blocked(self):
        """Rows: F8, F32"""
        with self.shown(lambda: self.ring.block(THERE), lambda: self.ring.unblock(THERE),
                        a="PEER_PORT_BLOCKED", b="PEER_PORT_BLOCKED"):
            pass

    def test_the_link_is_down(self):
        with self.shown(lambda: self.ring.cut(HERE), lambda: self.ring.heal(HERE),
                        a="HA1_DOWN", b="PEER_UNREACHABLE"):
            pass

    def test_the_peer_is_gone(self):
        with self.shown(lambda: self.ring.cut(THERE), lambda: self.ring.heal(THERE),
                        a="PEER_UNREACHABLE", b="HA1_DOWN"):
            pass

    def test_an_address_outside_of_ha1(self):
        """Rows: F7"""
        place = ("ha", "configuration-synchronization", "remote", "b", "address")
        with self.shown(lambda: self.commit(HERE, *place, "https://192.0.2.7"),
                        lambda: self.commit(HERE, *place, "https://10.9.1.2"),
                        a="HA1_NOT_SYNC_INTERFACE"):
            pass


if __name__ == "__main__":
    main()
