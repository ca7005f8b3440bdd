# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""A capture of HA2 and the key file of the other node show every frame in it.

HA2 runs over af_packet: what AF_XDP sends and receives passes tcpdump by. What af_packet sends
passes it by, too, so the capture is made where the active node's frames arrive.
"""

import json
import signal
import stat
import subprocess

from story import BUILD_ROOT, Story, main

SESSIONS = 300
WIREDUMP = BUILD_ROOT / "tools" / "wiredump" / "wiredump"


class Wiredump(Story):
    options = {"ha2": "af_packet", "debug": True}

    def test_opens_every_frame_of_a_capture(self):
        active, standby = self.start_both()
        folder = self.lab.options.node_folder(active)
        capture = folder / "ha2.pcap"
        with subprocess.Popen(
                ["ip", "netns", "exec", self.lab.options.namespace(standby), "tcpdump", "-i", "ha2",
                 "-U", "--immediate-mode", "-w", str(capture), "udp"],
                stderr=subprocess.PIPE, text=True) as tcpdump:
            tcpdump.stderr.readline()  # It listens.
            self.fill(active, SESSIONS)
            tcpdump.send_signal(signal.SIGTERM)  # SIGINT may be inherited as ignored.
            tcpdump.wait(20)
        keys = folder / "ha2.keys"
        self.assertEqual(0o600, stat.S_IMODE(keys.stat().st_mode))
        self.assertIn("THE KEYS OF HA2 ARE WRITTEN", self.lab.log_tail(active, 100))

        told = self.wiredump(capture, "--keys", keys, "--json")
        self.assertEqual(0, told.returncode, told.stderr)
        lines = [json.loads(line) for line in told.stdout.splitlines()]
        summary = lines[-1]["summary"]
        self.assertEqual(0, summary["sealed"] + summary["malformed"] + summary["cut"], summary)
        inserts = sum(section["count"] for line in lines for section in line.get("sections", [])
                      if section["op"] == "insert")
        self.assertGreaterEqual(inserts, SESSIONS)
        self.assertEqual({"active"},
                         {line["frame"]["role"] for line in lines if "frame" in line})

        closed = self.wiredump(capture)
        self.assertEqual(0, closed.returncode)
        self.assertIn("sealed frames: give --keys to open them", closed.stderr)

    def wiredump(self, *words):
        return subprocess.run([str(WIREDUMP), *map(str, words)], check=False, capture_output=True,
                              text=True, timeout=60)


if __name__ == "__main__":
    main()
