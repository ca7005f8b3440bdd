# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""A session that is damaged on the standby is found by comparison and repaired.

`tables diff` is the witness, and the metrics of DPDK's telemetry tell the same as lockstepctl.
"""

import json
import subprocess

from story import Story, main, number

SESSIONS = 5_000


class CorruptEntry(Story):
    options = {"debug": True}

    def test_is_found_and_repaired(self):
        active, standby = self.start_both()
        self.fill(active, SESSIONS)
        self.wait_for("equal tables", self.tables_are_equal)
        for count, what in enumerate(("missing", "version"), start=1):
            answer = self.lab.control[standby].json("debug", "corrupt-entry", "--what", what,
                                                    "--any")
            self.assertTrue(answer["entry"].startswith("session "), answer)
            self.wait_for(f"repair of a damaged {what}", lambda: self.is_repaired(standby, count))
            found = self.mismatches(standby)
            self.assertEqual((count, 0, answer["shard"]),
                             (found["found"], found["open"], found["shard"]))
            self.wait_for("a line in the log",
                          lambda: f"table session, shard {answer['shard']}" in self.log_of(standby))
        told = self.telemetry(standby, "/lockstep/exposure")["session"]["mismatches"]
        self.assertEqual((count, 0, answer["shard"]), (told["found"], told["open"], told["shard"]))
        differed = self.lab.control[standby].counters()["replication.digests_differed"]
        self.assertGreaterEqual(differed, 2)

    def test_is_refused_where_it_must_not_happen(self):
        active, _ = self.start_both()
        refused = self.ctl(active, "debug", "corrupt-entry", "--what", "missing", "--any")
        self.assertEqual(1, refused.returncode)
        self.assertIn("is active; ask the standby node", refused.stderr)

    def ctl(self, node, *words):
        return subprocess.run(self.lab.control[node].command(*words), check=False,
                              capture_output=True, text=True, timeout=60)

    def tables_are_equal(self):
        sockets = [self.lab.options.node_folder(name) / "control.sock" for name in "ab"]
        return self.ctl("a", "tables", "diff", *map(str, sockets)).returncode == 0

    def mismatches(self, standby):
        return self.lab.control[standby].json("peer")["tables"][0]["mismatches"]

    def telemetry(self, node, command):
        """What DPDK's telemetry answers."""
        done = subprocess.run(
            ["nsenter", "--target", str(self.lab.pid(node)), "--net", "--mount", "--ipc", "--",
             "dpdk-telemetry.py", "-f", self.lab.options.namespace(node)],
            input=command + "\n", check=True, capture_output=True, text=True, timeout=30)
        return json.loads(done.stdout)[command]

    def log_of(self, node):
        return (self.lab.options.node_folder(node) / "dataplane.log").read_text()

    def is_repaired(self, standby, count):
        status = self.lab.control[standby].json("status")
        table = status["tables"][0]
        return (status["readiness"] == "synced" and self.tables_are_equal()
                and number(table, "live") >= SESSIONS
                and table["mismatches"]["found"] == count
                and table["mismatches"]["repaired_after_us"] is not None)


if __name__ == "__main__":
    main()
