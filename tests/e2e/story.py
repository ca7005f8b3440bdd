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
from lablib.pairing import codes_of, remote_of, sync_status, wait_for_sync  # noqa: E402
from lablib.programs import find_programs  # noqa: E402
from lablib.ring import Ring  # noqa: E402
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


class RingStory(unittest.TestCase):
    """Configds without dataplanes, each in a namespace of its own (tools/lablib/ring.py)."""

    count = 2
    tls_keys = False

    def setUp(self):
        programs = find_programs(BUILD_ROOT, ("lockstepctl", "lockstep-configd"))
        self.ring = Ring(f"r{os.getpid() % 100_000}", programs, self.count, self.tls_keys)
        self.enterContext(self.ring)
        self.config = self.ring.config

    def paired(self, **leaves):
        """Two nodes that prove to be equal."""
        self.ring.paired(**leaves)
        self.wait_until_equal()

    def wait_until_equal(self):
        """Each node has proven that its remotes are equal."""
        for control in self.config.values():
            wait_for_sync(control)

    def change(self, name, *words, comment="a change", options=()):
        """Sets a value and commits. Returns the outcome, also a refusal."""
        self.ring.set(name, *words)
        return self.config[name].json("config", "commit", "--comment", comment, *options)

    def running(self, name):
        """What a node runs, as text; secrets are fingerprints in it."""
        return self.config[name].text("config", "show")

    def revision(self, name):
        """Number and hash of what a node runs."""
        status = self.config[name].status()
        return number(status, "running"), status["running_hash"]

    def wait_for(self, what, condition, timeout_s=30.0):
        """Waits until condition() is true; fails by name, with what the nodes say, if it never
        is."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                said = {name: sync_status(control) for name, control in self.config.items()}
                self.fail(f"no {what} after {timeout_s:.0f} s: {said}")
            time.sleep(0.05)


__all__ = ["BUILD_ROOT", "SOURCE_ROOT", "LabError", "RingStory", "Story", "codes_of",
           "find_programs", "main", "number", "remote_of", "run", "sync_status", "topology",
           "wait_for_sync"]
