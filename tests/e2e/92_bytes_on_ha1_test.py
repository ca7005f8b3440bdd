# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""How many bytes go over HA1: for a commit, about as many as what changed has; for two nodes that
are equal, next to none. Counted as TCP payload of a capture, in both directions, TLS included.

LOCKSTEP_RULES=100000 measures among so many: what is more than 60,000 (there are 65,535 numbers of
rules) are addresses."""

import json
import os
import tempfile
import time
from pathlib import Path

from story import RingStory, main, wait_for_sync

from drilllib.wire_secrets import WireCapture, payload_bytes
from lablib.ring import INTERFACE

ENTRIES = int(os.environ.get("LOCKSTEP_RULES", "20000"))
RULES = min(ENTRIES, 60_000)
IDLE_S = 5.0
EXCHANGES_PER_S = 8       # Each node asks the other each 250 ms.
EXCHANGE_BYTES_MAX = 1024
SHARE_MAX, FIXED_BYTES_MAX = 1.1, 4096
LOAD_S_MAX = 120.0 + ENTRIES / 1_000


def rule(number):
    """A rule as JSON has it."""
    return {"name": f"rule-{number}", "id": 1 + number, "action": "deny",
            "destination": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/32"],
            "protocol": ["tcp"], "destination-port": ["443"]}


def address(number):
    """An address that no rule uses, as JSON has it."""
    return {"name": f"address-{number}",
            "prefix": f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}/32"}


class BytesOnHa1(RingStory):
    def measure(self, during):
        """TCP payload on HA1 while during() runs, and how many seconds that took."""
        with tempfile.TemporaryDirectory() as folder:
            capture = WireCapture(self.ring.namespace("a"), INTERFACE, Path(folder) / "ha1.pcap")
            started = time.monotonic()
            try:
                during()
                took = time.monotonic() - started
            finally:
                capture.finish()
            return payload_bytes(capture.path), took

    def test_a_commit_costs_what_it_changes(self):
        self.paired()
        control = self.config["a"]
        control.load({"lockstep-policy:policy": {"rule": [rule(i) for i in range(RULES)]},
                      "lockstep-objects:objects": {
                          "address": [address(i) for i in range(ENTRIES - RULES)]}},
                     verb="merge")

        def commit_all():
            control.json("config", "commit", "--comment", "many", timeout_s=LOAD_S_MAX)
            wait_for_sync(control, timeout_s=LOAD_S_MAX)

        total, took = self.measure(commit_all)
        print(f"\n  {RULES} rules, {ENTRIES - RULES} addresses: {total} bytes in {took:.1f} s",
              flush=True)
        idle, seconds = self.measure(lambda: time.sleep(IDLE_S))
        exchange = idle / (seconds * EXCHANGES_PER_S)
        print(f"  equal: {idle / seconds:.0f} bytes a second, {exchange:.0f} an exchange",
              flush=True)

        changed = rule(RULES)
        size = len(json.dumps(changed).encode())
        control.load({"lockstep-policy:policy": {"rule": [changed]}}, verb="merge")

        def commit_one():
            outcome = control.json("config", "commit", "--comment", "one")
            self.assertEqual("applied", outcome["remotes"][0]["state"], outcome)

        total, took = self.measure(commit_one)
        commit = total - idle / seconds * took
        print(f"  one rule of {size} bytes: {total} bytes in {took:.2f} s, {commit:.0f} without "
              "the exchanges of this time", flush=True)
        self.assertLessEqual(exchange, EXCHANGE_BYTES_MAX)
        self.assertLessEqual(commit, SHARE_MAX * size + FIXED_BYTES_MAX)
        self.wait_until_equal()


if __name__ == "__main__":
    main()
