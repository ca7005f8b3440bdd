# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What every end-to-end story shares: a lab of its own, waiting for conditions, clean-up.

  client ──── clients ──┬── node a ──┬── servers ──── server
                        │  HA1│ │HA2 │
                        └── node b ──┘

Usage of a story: STORY.py SOURCE_ROOT BUILD_ROOT [unittest arguments]. Exit status 77 with
`skip: REASON: sentence` where this machine cannot run it.
"""

import os
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
SOURCE_ROOT, BUILD_ROOT = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
sys.path.insert(0, str(SOURCE_ROOT / "tools"))

from lablib import topology  # noqa: E402  (the path comes first)
from lablib.control import number  # noqa: E402
from lablib.lab import Lab  # noqa: E402
from lablib.programs import find_programs  # noqa: E402
from lablib.shell import LabError, run, succeeds  # noqa: E402
from lablib.topology import LabOptions  # noqa: E402

SKIPPED = 77
PROBE_NAMESPACE = "e2eprobe"


def skip(reason, sentence):
    """Ends the program as skipped."""
    print(f"skip: {reason}: {sentence}")
    sys.exit(SKIPPED)


def main():
    """Runs the stories of the calling file, if the machine can."""
    if os.geteuid() != 0:
        skip("no-privilege", "needs root for namespaces and raw sockets")
    if not succeeds("ip", "netns", "add", PROBE_NAMESPACE):
        skip("no-namespaces", "`ip netns add` is refused")
    run("ip", "netns", "del", PROBE_NAMESPACE)
    unittest.main(module="__main__", verbosity=2)


class Story(unittest.TestCase):
    """A lab per test. `options` are LabOptions that differ from the defaults."""

    options = {}

    def setUp(self):
        prefix = f"e{os.getpid() % 100_000}"
        self.lab = Lab.up(LabOptions(prefix=prefix, programs=find_programs(BUILD_ROOT),
                                     **self.options))
        self.addCleanup(self.lab.down)

    def start_both(self):
        """Starts both nodes and waits until the pair is ready. Returns (active, standby)."""
        for name in topology.NODES:
            self.lab.start(name)
        return self.lab.wait_until_ready()

    def fill(self, active, count):
        """Makes synthetic sessions on the active and waits until both nodes hold them."""
        self.lab.control[active].text("debug", "fill-sessions", "--count", str(count),
                                      timeout_s=120)
        self.wait_for(f"{count} sessions on both nodes",
                      lambda: all(held >= count for held in self.session_counts().values()))

    def session_counts(self):
        """Node → number of sessions, for the nodes that run."""
        return {name: number(status or {}, "sessions")
                for name, status in self.lab.statuses().items() if self.lab.pid(name)}

    def dumps(self):
        """Node → lines of `tables dump`."""
        return {name: self.lab.control[name].text("tables", "dump", timeout_s=120).splitlines()
                for name in topology.NODES}

    def assert_dumps_agree(self):
        """At a quiet moment both dumps are the same text."""
        def agree():
            found = self.dumps()
            return found["a"] == found["b"]
        self.wait_for("equal dumps of both nodes", agree)

    def wait_for(self, what, condition, timeout_s=30.0):
        """Waits until condition() is true; fails by name if it never is."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"no {what} after {timeout_s:.0f} s\n{self._last_words()}")
            time.sleep(0.1)

    def _last_words(self):
        return "\n".join(f"node {name}: {self.lab.log_tail(name)}" for name in topology.NODES)


__all__ = ["BUILD_ROOT", "SOURCE_ROOT", "LabError", "Story", "find_programs", "main", "number",
           "run", "topology"]
