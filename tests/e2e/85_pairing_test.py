# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Two fresh nodes become a pair that synchronises: two people compare codes, and nothing else is
typed."""

import time

from story import LabError, RingStory, main, run

from lablib.pairing import pair, wait_for_pairing
from lablib.ring import INTERFACE, address_of

PAIRING_S = 20.0


class Pairing(RingStory):
    def setUp(self):
        super().setUp()
        self.ring.start()

    def begin(self):
        """Both nodes show their codes. Returns them."""
        self.config["b"].text("pair", "accept")
        self.config["a"].text("pair", "start", address_of("b"))
        deadline = time.monotonic() + PAIRING_S
        return [wait_for_pairing(self.config[name], ("comparing",), deadline)["code"]
                for name in ("a", "b")]

    def known(self, name):
        """Devices that a node knows, without itself."""
        devices = self.config[name].json("devices", "list").get("devices", [])
        return [device for device in devices if not device.get("own")]

    def test_two_fresh_nodes_in_one_run(self):
        """From nothing to a commit that both have.

        Rows: F76, F11, F12, F22
        """
        shown = pair(self.config["a"], self.config["b"], address_of("b"))
        self.assertNotEqual(shown[0]["code"], shown[1]["code"])
        for name, other in (("b", "a"), ("a", "b")):
            self.assertTrue(all(device.get("pair") for device in self.known(name)))
            self.ring.synchronise(name, {other: {}})
        self.wait_until_equal()
        self.change("a", "zones", "zone", "first", "description", "of both")
        self.wait_for("zone of a on b", lambda: "of both" in self.running("b"))
        self.wait_until_equal()

    def test_the_wizard_of_one_run(self):
        """Own host names stay; the pair's own secret is the same on both afterwards.

        Rows: F76
        """
        for name in ("a", "b"):
            self.change(name, "system", "host-name", f"fw-{name}")
        pair(self.config["a"], self.config["b"], address_of("b"))
        for name, other in (("b", "a"), ("a", "b")):
            self.ring.synchronise(name, {other: {}})
        self.wait_until_equal()
        for name in ("a", "b"):
            self.assertIn(f"fw-{name}", self.running(name))
        fingerprints = {self.config[name].status()["master_key_fingerprint"] for name in ("a", "b")}
        self.assertEqual(1, len(fingerprints), "the nodes have different master keys")

    def test_a_wrong_code_ends_it_on_both(self):
        self.begin()
        with self.assertRaises(LabError):
            self.config["a"].text("pair", "confirm", "000000")
            raise LabError(self.config["a"].json("pair", "status")["state"])
        deadline = time.monotonic() + PAIRING_S
        for name in ("a", "b"):
            self.wait_for(f"failure at {name}", lambda name=name: self.config[name].json(
                "pair", "status").get("state") in ("failed", "none"),
                deadline - time.monotonic())
            self.assertEqual([], self.known(name))

    def test_nothing_is_open_without_an_operator(self):
        """A node that nobody opened answers no pairing, and only on HA1.

        Rows: F8
        """
        self.config["a"].text("pair", "start", address_of("b"))
        self.wait_for("refusal at a", lambda: "no answer yet" in self.config["a"].json(
            "pair", "status").get("text", ""))
        self.assertEqual("waiting", self.config["a"].json("pair", "status")["state"])
        self.config["a"].text("pair", "cancel")
        self.assertEqual([], self.known("b"))
        listening = run("ip", "netns", "exec", self.ring.namespace("b"), "ss", "-Hltn")
        addresses = {line.split()[3] for line in listening.splitlines()}
        self.assertEqual({f"{address_of('b')}:4792"}, addresses)

    def test_a_cut_while_they_compare_leaves_no_half_pair(self):
        codes = self.begin()
        run("ip", "-n", self.ring.namespace("b"), "link", "set", INTERFACE, "down")
        try:
            self.config["a"].text("pair", "confirm", codes[1].replace(" ", ""))
        except LabError:
            pass  # It says so at once, or fails later: both are fine.
        for name in ("a", "b"):
            self.wait_for(f"end at {name}", lambda name=name: self.config[name].json(
                "pair", "status").get("state") in ("failed", "none"))
            self.assertEqual([], self.known(name))
        run("ip", "-n", self.ring.namespace("b"), "link", "set", INTERFACE, "up")
        pair(self.config["a"], self.config["b"], address_of("b"))

    def test_another_certificate_is_not_believed(self):
        pair(self.config["a"], self.config["b"], address_of("b"))
        self.config["b"].text("devices", "renew")
        self.ring.synchronise("b", {"a": {}})
        self.ring.synchronise("a", {"b": {}})
        self.wait_for("CERT_NOT_PINNED at a", lambda: "CERT_NOT_PINNED" in str(
            self.config["a"].json("config", "sync", "status")))


if __name__ == "__main__":
    main()
