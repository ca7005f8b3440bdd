# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Reasons that need a pair of their own: keys and certificates that change, a full disk, two
configurations that were never the same or are not any more."""

import json
import os
import subprocess
import time

from story import LabError, RingStory, codes_of, main, remote_of, run, sync_status

from lablib.configd import REFUSED
from lablib.pairing import name_of

DISK_KIB = 6 * 1024


class OfThePair(RingStory):
    def codes(self, name):
        return codes_of(sync_status(self.config[name]))

    def wait_for_code(self, **codes):
        """Each node shows its code."""
        started = time.monotonic()
        self.wait_for(f"{codes}", lambda: all(
            code in {seen.partition("(")[0] for seen in self.codes(name)}
            for name, code in codes.items()))
        print(f"\n  {codes} after {time.monotonic() - started:.2f} s", flush=True)

    def test_master_keys_differ(self):
        """Nothing travels between nodes that cannot open each other's secrets; the same key on both
        ends it."""
        self.paired()
        keys = [self.ring.folder / f"key{number}" for number in range(2)]
        self.change("b", "ha", "configuration-synchronization", "enabled", "false")
        path = self.ring.node_folder("b") / "state" / "master.key"
        keys[0].write_bytes(path.read_bytes())
        run("openssl", "rand", "-hex", "-out", keys[1], "32")
        change = ("master-key", "change", "--old", str(keys[0]), "--new", str(keys[1]))
        self.config["b"].text(*change)
        self.change("b", "ha", "configuration-synchronization", "enabled", "true")
        self.wait_for_code(a="MASTER_KEY_MISMATCH", b="MASTER_KEY_MISMATCH")
        self.change("a", "ha", "configuration-synchronization", "enabled", "false")
        self.config["a"].text(*change)
        self.change("a", "ha", "configuration-synchronization", "enabled", "true")
        self.wait_until_equal()

    def test_a_revoked_device(self):
        """Who was revoked is refused by name, and is believed again after a new pairing."""
        self.paired()
        device = sync_status(self.config["a"])["device"]
        self.config["b"].text("devices", "revoke", device)
        # All that TLS tells the revoked one is a closed connection; its remedy points there.
        self.wait_for_code(a="TLS_FAILED", b="CERT_REVOKED")
        self.change("a", "zones", "zone", "first", "description", "not there")
        self.assertNotIn("not there", self.running("b"))
        self.config["b"].text("devices", "forget", device)
        self.ring.pair()
        self.wait_until_equal()
        self.assertIn("not there", self.running("b"))

    def test_never_the_same(self):
        """Two configurations that differ from the beginning are not touched until somebody decides.

        Rows: F157
        """
        self.ring.start()
        self.ring.pair()
        self.change("a", "zones", "zone", "here")
        self.change("b", "zones", "zone", "there")
        for name, other in (("b", "a"), ("a", "b")):
            self.ring.synchronise(name, {other: {}})
        self.wait_for_code(a="NOT_BASELINED", b="NOT_BASELINED")
        self.assertIn('"there"', self.running("b"))
        self.assertNotIn('"here"', self.running("b"))
        asked = self.config["a"].json("config", "sync", "overwrite", "--preview")
        self.config["a"].text("config", "sync", "overwrite", "--confirm", asked["must_type"])
        self.wait_until_equal()
        self.assertIn('"here"', self.running("b"))

    def test_not_the_same_any_more(self):
        """Rows: F35, F157"""
        self.paired()
        self.change("a", "zones", "zone", "base")  # So a is the source, and b does not push.
        self.wait_until_equal()
        self.change("b", "ha", "configuration-synchronization", "enabled", "false")
        self.wait_for_code(a="CONFIG_SYNC_DISABLED_PEER")
        self.change("b", "zones", "zone", "there")
        self.change("b", "ha", "configuration-synchronization", "enabled", "true")
        self.wait_for_code(a="DIVERGED", b="DIVERGED")
        self.change("a", "zones", "zone", "here")
        self.assertNotIn('"here"', self.running("b"))
        self.assertEqual("diverged", remote_of(sync_status(self.config["a"]))["state"])
        asked = self.config["a"].json("config", "sync", "adopt", "--preview")
        self.config["a"].text("config", "sync", "adopt", "--confirm", asked["must_type"])
        self.wait_until_equal()
        self.assertIn('"there"', self.running("a"))

    # --- What only one of two nodes can have -----------------------------------------------------

    def commit_status(self, name, comment):
        """Exit status of a commit, and its outcome."""
        done = subprocess.run(self.config[name].command("config", "commit", "--comment", comment,
                                                        "--json"),
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout)

    def refusal(self, name, code):
        """The row of PEER_REFUSED(code) that a node shows, its own or the other's; else None."""
        status = sync_status(self.config[name])
        rows = [row for remote in status.get("remotes", [])
                for row in remote.get("reasons", []) + remote.get("their_reasons", [])]
        return next((row for row in rows if name_of(row) == f"PEER_REFUSED({code})"), None)

    def does_not_fit_there(self, code, where, edit, mend):
        """The candidate of a has what b cannot take. Asked, b refuses it, and nothing changes;
        not asked, a commits it, and both nodes say why b does not get it, until b is mended."""
        before = {name: self.revision(name) for name in ("a", "b")}
        edit()
        status, outcome = self.commit_status("a", "b is asked")
        self.assertEqual(REFUSED, status, outcome)
        problem = outcome["problems"]["list"][0]
        self.assertEqual(code, problem["code"])
        self.assertIn(where, problem["path"])
        self.assertTrue(problem["text"].startswith("b: "), problem)
        self.assertEqual(before, {name: self.revision(name) for name in ("a", "b")})

        self.ring.set("a", "ha", "configuration-synchronization", "policy", "deferred")
        status, outcome = self.commit_status("a", "b is not asked")
        self.assertEqual(0, status, outcome)
        began, took = time.monotonic(), {}

        def shown():
            for name in ("a", "b"):
                if name not in took and self.refusal(name, code):
                    took[name] = time.monotonic() - began
            return len(took) == 2

        self.wait_for(f"{code} on both nodes", shown)
        for name in ("a", "b"):
            row = self.refusal(name, code)
            self.assertTrue(row["remedy"], row)
            self.assertIn(code, row["evidence"])
            self.assertIn(where, row["evidence"])
        self.assertEqual("blocked", remote_of(sync_status(self.config["a"]))["state"])
        self.assertEqual(before["b"], self.revision("b"))
        mend()
        mended = time.monotonic()
        self.wait_for(f"end of {code}", lambda: not any(
            self.refusal(name, code) for name in ("a", "b")))
        gone = time.monotonic() - mended
        self.wait_until_equal()
        words = ", ".join(f"on {name} after {seconds:.2f} s" for name, seconds in sorted(
            took.items()))
        print(f"\n  {code} {words}; gone after {gone:.2f} s", flush=True)

    def test_frames_that_the_peer_does_not_take(self):
        """Jumbo frames are each node's own; an MTU travels.

        Rows: F87, F34
        """
        self.paired()
        for name in ("a", "b"):
            self.change(name, "ha", "failover", "enabled", "false")  # Interfaces may be edited.
        self.change("a", "system", "jumbo-frames", "true")
        self.change("a", "zones", "zone", "lan")

        def edit():
            for leaf, value in (("port", "p0"), ("zone", "lan"), ("mtu", "9000")):
                self.ring.set("a", "interfaces", "interface", "lan", leaf, value)

        self.does_not_fit_there("JUMBO_MISMATCH", "/interfaces/interface[name='lan']/mtu", edit,
                                lambda: self.change("b", "system", "jumbo-frames", "true"))
        self.assertIn("9000", self.running("b"))

    def test_a_certificate_whose_name_the_peer_needs(self):
        """Names of device certificates are of the pair: b shows the one that a takes away.

        Rows: F102, F34
        """
        self.paired()
        self.change("a", "certificates", "device-certificate", "web", "use", "management")
        self.wait_for("its name on b", lambda: '"web"' in self.running("b"))
        profile = ("certificates", "tls-service-profile", "portal")
        self.change("b", *profile, "certificate", "web")

        def mend():
            self.config["b"].text("config", "delete", *profile)
            self.config["b"].commit("nobody shows it any more")

        self.does_not_fit_there(
            "CERT_NAME_MISSING", "/certificates/tls-service-profile[name='portal']",
            lambda: self.config["a"].text("config", "delete", "certificates",
                                          "device-certificate", "web"), mend)
        self.assertNotIn('"web"', self.running("b"))

    def test_a_full_disk_on_the_peer(self):
        """A push that does not fit is refused with its reason; both trees are whole, and it arrives
        when there is room."""
        state = self.ring.node_folder("b") / "state"
        state.mkdir(parents=True, mode=0o700)
        run("mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k,mode=700", "lockstep-full", state)
        self.addCleanup(run, "umount", "-l", state)
        self.paired()
        filler = state / "filler"
        with open(filler, "wb") as file:
            free = os.statvfs(state).f_bavail * os.statvfs(state).f_frsize
            try:
                os.posix_fallocate(file.fileno(), 0, max(free - 16 * 1024, 4096))
            except OSError as error:
                raise LabError(f"cannot fill {free} bytes: {error}") from None
        before = self.revision("b")
        rules = [{"name": f"rule-{i}", "action": "deny", "description": "x" * 200}
                 for i in range(2_000)]
        control = self.config["a"]
        control.load({"lockstep-policy:policy": {"rule": rules}}, verb="merge")
        outcome = control.json("config", "commit", "--comment", "more than the disk of b holds")
        self.wait_for_code(a="PEER_STORE_FULL")
        rows = [row for row in sync_status(control).get("reasons", [])
                if name_of(row) == "PEER_STORE_FULL"]
        self.assertTrue(all(row.get("remedy") for row in rows), rows)
        self.assertEqual(before, self.revision("b"), outcome)
        filler.unlink()
        self.wait_until_equal()
        self.assertIn("rule-1999", self.running("b"))
        for name in ("a", "b"):
            self.config[name].text("config", "verify")


if __name__ == "__main__":
    main()
