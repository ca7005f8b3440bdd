# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What travels between two configured nodes, and when: at once, when it is applied, when it is
pushed, to one remote and not to another, and by hand in either direction."""

import time

from story import LabError, RingStory, codes_of, main, number, remote_of, sync_status

HELD_S = 1.5  # So long nothing may travel that waits.


class OnePair(RingStory):
    def history(self, name):
        return self.config[name].json("config", "history", "--limit", "50")["revisions"]

    def need_held(self, words):
        """It does not travel by itself."""
        time.sleep(HELD_S)
        self.assertNotIn(words, self.running("b"))

    def test_every_commit_travels_at_once_and_says_so(self):
        """The answer to the commit has the peer's revision and hash; there it is saved, here not.

        Rows: F17, F22, F23, F24, F33, N15
        """
        self.paired()
        startup = number(self.config["a"].status(), "startup")
        outcome = self.change("a", "zones", "zone", "first", "description", "at once")
        remote = outcome["remotes"][0]
        self.assertEqual("applied", remote["state"], outcome)
        self.assertIn("at once", self.running("b"))
        status = self.config["b"].status()
        self.assertEqual(number(remote, "revision"), number(status, "running"))
        self.assertEqual(number(status, "running"), number(status, "startup"))
        self.assertEqual(startup, number(self.config["a"].status(), "startup"))

    def test_applied_when_the_operator_says(self):
        """Rules wait, zones do not; one apply brings all rules as one revision.

        Rows: F18
        """
        self.paired(push="by-category")
        for turn in range(3):
            self.change("a", "policy", "rule", f"r{turn}", "action", "deny")
        self.change("a", "zones", "zone", "first", "description", "at once")
        self.wait_for("the zone on b", lambda: "at once" in self.running("b"))
        self.need_held('"r0"')
        self.assertTrue(any(code.startswith("PENDING_APPLY")
                            for code in codes_of(sync_status(self.config["a"]))))
        before = number(self.config["b"].status(), "running")
        self.config["a"].text("config", "sync", "apply")
        self.wait_until_equal()
        self.assertIn('"r2"', self.running("b"))
        self.assertEqual(before + 1, number(self.config["b"].status(), "running"))

    def test_pushed_when_the_operator_says(self):
        """Five commits, one push: one revision there, which tells of all five.

        Rows: F41, F42
        """
        self.paired(push="manual")
        before = number(self.config["b"].status(), "running")
        for turn in range(5):
            self.change("a", "zones", "zone", f"z{turn}", comment=f"update {turn}")
        self.need_held('"z0"')
        self.assertEqual(5, number(remote_of(sync_status(self.config["a"])), "pending"))
        self.config["a"].text("config", "sync", "push")
        self.wait_until_equal()
        self.assertEqual(before + 1, number(self.config["b"].status(), "running"))
        told = str(self.history("b")[0]) + self.config["b"].text("config", "audit", "--json")
        for turn in range(5):
            self.assertIn(f"update {turn}", told)

    def test_both_directions_by_hand(self):
        """Preview, typed name, restore point; without the name nothing happens.

        Rows: F74, F75
        """
        self.paired()
        control = self.config["a"]
        self.change("a", "zones", "zone", "of-a")  # So a is the source, and b does not push.
        self.wait_until_equal()
        self.change("b", "ha", "configuration-synchronization", "enabled", "false")
        self.change("b", "zones", "zone", "of-b")
        self.change("b", "ha", "configuration-synchronization", "enabled", "true")
        self.wait_for("DIVERGED", lambda: "DIVERGED" in codes_of(sync_status(control)))
        before = self.revision("a"), self.revision("b")
        asked = control.json("config", "sync", "adopt", "--preview")
        self.assertIn("of-b", str(asked.get("here")))
        with self.assertRaises(LabError):
            control.text("config", "sync", "adopt", "--confirm", "not-this-name")
        self.assertEqual(before, (self.revision("a"), self.revision("b")))
        done = control.json("config", "sync", "adopt", "--confirm", asked["must_type"])
        self.assertTrue(done.get("done"), done)
        self.wait_until_equal()
        self.assertIn("of-b", self.running("a"))
        self.assertNotIn("of-b", control.text("config", "show", "--view",
                                              str(number(done, "restore_point"))))
        self.assertIn(" pull ", control.text("config", "audit", "--limit", "5"))

    def test_the_source_is_kept_over_a_crash(self):
        """Rows: F5, F6"""
        self.paired()
        self.change("a", "zones", "zone", "first")
        self.wait_until_equal()
        source = sync_status(self.config["a"])["device"]
        self.assertEqual(source, sync_status(self.config["b"])["source"])
        self.ring.kill("b")
        self.ring.start("b")
        self.assertEqual(source, sync_status(self.config["b"])["source"])
        self.ring.set("b", "zones", "zone", "backwards")
        outcome = self.config["b"].json("config", "commit", "--comment", "backwards")
        self.assertFalse(outcome.get("committed"), outcome)
        self.assertNotIn("backwards", self.running("a"))

    def test_a_category_that_is_off_stays(self):
        """Rows: F15"""
        self.ring.start()
        self.ring.pair()
        for name in ("a", "b"):
            self.config[name].text("config", "sync", "category", "qos", "off")
            self.config[name].commit("no qos")
        self.ring.synchronise("b", {"a": {}})
        self.ring.synchronise("a", {"b": {}})
        self.wait_until_equal()
        self.change("a", "qos", "class", "mine")
        self.change("a", "zones", "zone", "first")
        self.wait_for("the zone on b", lambda: '"first"' in self.running("b"))
        self.assertNotIn('"mine"', self.running("b"))
        self.wait_until_equal()


class TwoRemotes(RingStory):
    count = 3

    def test_each_remote_has_its_own_map(self):
        """Rows: F21, F30, F31"""
        self.ring.start()
        for other in ("b", "c"):
            self.ring.pair("a", other, options=("--remote-only",))
        maps = [{"name": name, "rule": [{"number": 10, "action": "include", "location": place}]}
                for name, place in (("only-zones", "/zones"), ("only-objects", "/objects"))]
        self.ring.synchronise("b", {"a": {"map": "only-zones"}}, map=maps)
        self.ring.synchronise("c", {"a": {"map": "only-objects"}}, map=maps)
        self.ring.synchronise("a", {"b": {"map": "only-zones"}, "c": {"map": "only-objects"}},
                              map=maps)
        for remote in ("b", "c"):
            self.wait_for(f"in-sync with {remote}", lambda remote=remote: remote_of(
                sync_status(self.config["a"]), remote).get("state") == "in-sync")
        before = {name: number(self.config[name].status(), "running") for name in ("b", "c")}
        self.change("a", "zones", "zone", "a-zone")
        self.wait_for("the zone on b", lambda: "a-zone" in self.running("b"))
        self.change("a", "objects", "address", "an-address", "prefix", "192.0.2.1/32")
        self.wait_for("the address on c", lambda: "an-address" in self.running("c"))
        self.change("a", "qos", "class", "of-nobody")
        time.sleep(HELD_S)
        self.assertNotIn("an-address", self.running("b"))
        self.assertNotIn("a-zone", self.running("c"))
        after = {name: number(self.config[name].status(), "running") for name in ("b", "c")}
        self.assertEqual({name: count + 1 for name, count in before.items()}, after)


if __name__ == "__main__":
    main()
