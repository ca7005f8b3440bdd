# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The kill drill: the active is killed at a random moment while real traffic runs through it."""

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lablib import topology
from lablib.control import number
from lablib.lab import Lab, describe
from lablib.shell import LabError

from .capture import SynCapture
from .endpoints import Endpoint, wait_until_steady
from .judge import judge
from .outcome import PairFacts

PAUSE_S = (0.2, 2.0)         # Before the kill, so that it falls on any phase of every timer.
AFTERWARDS_S = 4.0           # Traffic goes on that long after the takeover.
TAKEOVER_TIMEOUT_S = 10.0
FILL_RATE_MIN = 20_000       # Sessions a second; slower than that is taken for stuck.
MIDSTREAM_COUNTER = "mid_stream"  # Part of the name of the counters that explain deaths.
# Last words of the names of what commit-before-forward counts.
COMMIT_COUNTERS = ("held", "held_wait_us", "held_confirmed", "held_late", "held_refused",
                   "unheld_no_peer", "unheld_full", "hold_full")


class KillStory:
    """One run: up, fill, traffic, kill, afterwards, judge, down."""

    def __init__(self, lab_options, plan, sessions, seed, say):
        self._options = lab_options
        self._plan = plan
        self._sessions = sessions
        self._seed = seed
        self._say = say
        self._random = random.Random(seed)

    def run(self, keep=False):
        """Returns the RunOutcome. The lab is taken down, whatever happens, unless `keep`."""
        commit = ", commit-before-forward" if self._options.commit_before_forward else ""
        self._say(f"lab \"{self._options.prefix}\": two nodes, replication "
                  f"{'on' if self._options.replication else 'off'}, HA2 over {self._options.ha2}"
                  f"{commit}")
        lab = Lab.up(self._options)
        try:
            return self._run_in(lab)
        finally:
            if keep:
                self._say(f"the lab is still up: tools/lab --prefix {self._options.prefix} status")
            else:
                lab.down()

    def _run_in(self, lab):
        for name in topology.NODES:
            lab.start(name)
        active, standby = lab.wait_until_ready()
        self._say(f"ready: node {active} is active, node {standby} stands by")
        self._fill(lab, active, standby)
        with TemporaryDirectory(prefix="lockstep-drill-") as folder:
            return self._drill(lab, active, standby, Path(folder))

    def _fill(self, lab, active, standby):
        if self._sessions == 0:
            return
        lab.control[active].text("debug", "fill-sessions", "--count", str(self._sessions),
                                 timeout_s=120)
        deadline = time.monotonic() + 30 + self._sessions / FILL_RATE_MIN
        while True:
            seen = lab.statuses()
            held = {name: number(status or {}, "sessions") for name, status in seen.items()}
            complete = held[active] >= self._sessions and (
                not self._options.replication or held[standby] >= self._sessions)
            if complete:
                self._say(f"filled: {held[active]} sessions on {active}, "
                          f"{held[standby]} on {standby}")
                return
            if time.monotonic() > deadline:
                raise LabError(f"filling {self._sessions} sessions does not end: "
                               f"{held[active]} on {active}, {held[standby]} on {standby}")
            self._say(f"filling: {held[active]} sessions on {active}, {held[standby]} on {standby}")
            time.sleep(0.5)

    def _drill(self, lab, active, standby, folder):
        with_cleanup = []
        try:
            capture = SynCapture(self._options, folder / "syns.pcap")
            with_cleanup.append(capture)
            server = Endpoint(self._options, "server")
            with_cleanup.append(server)
            server.wait_until_ready()
            client = Endpoint(self._options, "client", *self._plan.arguments(self._seed))
            with_cleanup.append(client)
            wait_until_steady(client, self._plan, self._show_traffic)
            lab.wait_until_ready()
            facts, kill_ns = self._kill(lab, active, standby, client)
            self._watch_takeover(lab, standby, kill_ns, facts)
            self._go_on(client, AFTERWARDS_S)
            report = client.finish()
            outcome = judge(kill_ns, report, server.finish(), capture.finish())
        finally:
            for each in with_cleanup:
                each.kill()
        facts.refused_midstream = sum(
            value for name, value in lab.control[standby].counters().items()
            if MIDSTREAM_COUNTER in name)
        outcome.pair = facts
        outcome.seed = self._seed
        outcome.replication = self._options.replication
        outcome.commit_before_forward = self._options.commit_before_forward
        return outcome

    def _kill(self, lab, active, standby, client):
        time.sleep(self._random.uniform(*PAUSE_S))
        statuses = lab.statuses()
        if None in statuses.values():
            raise LabError(f"before the kill a node does not answer: {describe(statuses)}")
        facts = PairFacts(
            sessions_active=number(statuses[active], "sessions"),
            sessions_standby=number(statuses[standby], "sessions"),
            readiness=statuses[standby].get("readiness", ""),
            exposure_changes=number(statuses[active], "exposure_changes"),
            exposure_age_us=number(statuses[active], "exposure_age_us"))
        if self._options.commit_before_forward:
            counters = lab.control[active].counters()
            facts.commit = {name.rsplit(".", 1)[-1]: value for name, value in counters.items()
                            if name.rsplit(".", 1)[-1] in COMMIT_COUNTERS}
        time.sleep(self._random.uniform(0.0, 0.1))
        kill_ns = lab.kill(active)
        client.command(f"mark kill {kill_ns}")
        self._say(f"SIGKILL to node {active}")
        lab.clear_away(active)
        return facts, kill_ns

    def _watch_takeover(self, lab, survivor, kill_ns, facts):
        deadline = time.monotonic() + TAKEOVER_TIMEOUT_S
        while True:
            status = lab.control[survivor].status_or_none() or {}
            if status.get("role") == "active":
                break
            if time.monotonic() > deadline:
                raise LabError(f"node {survivor} did not take over in {TAKEOVER_TIMEOUT_S:.0f} s: "
                               f"role {status.get('role', 'unknown')}\n{lab.log_tail(survivor)}")
            time.sleep(0.1)
        takeover = status.get("last_takeover") or {}
        declared_ns = (number(takeover, "peer_last_heard_monotonic_ns")
                       + number(takeover, "detect_us") * 1000)
        facts.detected_by = takeover.get("detected_by", "unknown")
        facts.detect_ms = max(0.0, (declared_ns - kill_ns) / 1e6)
        facts.takeover_ms = number(takeover, "takeover_us") / 1e3
        self._say(f"node {survivor} is active: detected after {facts.detect_ms:.1f} ms by "
                  f"{facts.detected_by}, takeover in {facts.takeover_ms:.2f} ms")

    def _go_on(self, client, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._show_traffic(client.wait_for_progress())

    def _show_traffic(self, seen):
        self._say(f"traffic: {seen['tcp_echoing']} TCP flows ({seen['tcp_failed']} failed), "
                  f"{seen['udp_echoing']} UDP flows echo, {seen['corrupt']} corrupt",
                  passing=True)
