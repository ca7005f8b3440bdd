# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""After real and synthetic sessions came and went, both dumps are the same text."""

import json
import subprocess

from story import Story, main, topology

SESSIONS = 20_000


class Dumps(Story):
    def test_agree_after_live_traffic(self):
        active, _ = self.start_both()
        self.fill(active, SESSIONS)
        report = self.run_traffic(seconds=3)
        self.assertEqual(0, sum(flow["failed_ns"] > 0 for flow in report["tcp"]))
        self.assert_dumps_agree()
        lines = self.dumps()[active]
        self.assertGreaterEqual(len(lines), SESSIONS)
        self.assertEqual(len(lines), len(set(lines)), "a line appears twice")

    def run_traffic(self, seconds):
        program = str(self.lab.options.programs["lockstep-traffic"])
        addresses = [topology.SERVER_ROUTED, topology.SERVER_TRANSLATED]

        def start(role):
            return subprocess.Popen(
                ["ip", "netns", "exec", self.lab.options.namespace(role), program, role,
                 *addresses], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        with start("server") as server:
            server.stdout.readline()
            with start("client") as client:
                try:
                    client.stdout.readline()
                    client.wait(seconds)
                except subprocess.TimeoutExpired:
                    pass
                output, _ = client.communicate("stop\n", timeout=20)
            server.communicate("stop\n", timeout=20)
        return json.loads(output.splitlines()[-1])


if __name__ == "__main__":
    main()
