# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Stories of the drill config that need no dataplane: refusals, absence, divergence, a loop of
three, a commit that nobody confirms."""

import contextlib
import time

from lablib.control import number
from lablib.pairing import remote_of, sync_status
from lablib.ring import Ring
from lablib.shell import LabError, succeeds

from .pair_steps import Committer, tell, wait_for_reason, wait_until_equal

REFUSED = 3           # Exit status of lockstepctl.
AWAY_COMMITS = 5
CONFIRM_S = 4
QUIET_S = 3.0         # Three nodes that could push in circles must stand still so long.
LOOP_COMMITS = 5


class RingStory:
    """Each step has two or three fresh nodes of its own."""

    def __init__(self, prefix, programs, tally, say):
        self._prefix = prefix
        self._programs = programs
        self._tally = tally
        self._say = say

    def run(self, steps):
        """Tells all."""
        tell(steps, (self.peer_refuses, self.strict_needs_the_peer, self.peer_is_away,
                     self.divergence_is_merged, self.divergence_is_overwritten, self.loop_of_three,
                     self.nobody_confirms, self.somebody_confirms), self._tally, self._say)

    @contextlib.contextmanager
    def _pair(self, before_sync=lambda ring: None, map_name="", **leaves):
        """Two paired nodes that are in sync. Gives (ring, committer of a, committer of b)."""
        with Ring(self._prefix, self._programs) as ring:
            ring.start()
            ring.pair()
            before_sync(ring)
            for name, other in (("b", "a"), ("a", "b")):
                more = {"map": map_name} if map_name else {}
                ring.synchronise(name, {other: more}, **leaves)
            both = [Committer(ring.config[name], self._tally) for name in ring.names]
            wait_until_equal(ring.config.values(), self._tally)
            yield ring, *both

    def _equal(self, ring):
        return wait_until_equal(ring.config.values(), self._tally)

    # --- Refusals --------------------------------------------------------------------------------

    def peer_refuses(self, step):
        """A commit that the peer cannot take is refused here, before anything has changed."""
        def own_rule(ring):
            # Both have the zone; only b has a rule that uses it, which does not travel.
            control = ring.config["b"]
            ring.set("b", "zones", "zone", "used")
            ring.set("b", "policy", "rule", "local", "action", "deny")
            ring.set("b", "policy", "rule", "local", "from-zone", "used")
            control.commit("a rule of its own")
            ring.set("a", "zones", "zone", "used")
            ring.config["a"].commit("the zone")

        only_zones = [{"name": "zones", "rule": [
            {"number": 10, "action": "include", "location": "/zones"}]}]
        with self._pair(own_rule, "zones", map=only_zones) as (ring, here, there):
            before = here.running(), there.running()
            here.delete("zones", "zone", "used")
            outcome = here.commit("a zone that the peer still needs")
            problems = outcome.get("problems", {}).get("list", [])
            step.need(here.exit_status == REFUSED, f"the exit status is {here.exit_status}")
            step.need(not outcome.get("committed"), "the commit was made")
            step.need(any("local" in str(problem) for problem in problems),
                      f"no problem names the rule of the peer: {problems}")
            step.need((here.running(), there.running()) == before, "a node has changed")
            words = "; ".join(f"{each.get('code')} {each.get('path')}" for each in problems)
            ring.config["a"].text("config", "discard")
            here.change("another", "zones", "zone", "other")
            self._equal(ring)
            step.need(there.has('"other"'), "the next commit did not arrive")
            step.seen = f"refused with {words}; both as before; the next commit arrived"

    def strict_needs_the_peer(self, step):
        """With policy strict no commit is made without the peer; the reason says why."""
        with self._pair(policy="strict") as (ring, here, there):
            here.change("both", "zones", "zone", "first", "description", "one")
            self._equal(ring)
            ring.kill("b")
            before = here.running()
            here.set("zones", "zone", "first", "description", "two")
            outcome = here.commit("without the peer")
            step.need(here.exit_status == REFUSED, f"the exit status is {here.exit_status}")
            step.need(here.running() == before, "the node has changed")
            step.need(outcome.get("problems", {}).get("list"), "no problem says why")
            ring.start("b")
            self._equal(ring)
            here.need_commit("with the peer")
            self._equal(ring)
            step.need(there.has('"two"'), "the peer does not have it")
            codes = [row.get("code") for row in outcome.get("problems", {}).get("list", [])]
            step.seen = f"refused with {', '.join(codes)} while the peer was dead; taken afterwards"

    # --- Absence ---------------------------------------------------------------------------------

    def peer_is_away(self, step):
        """Five commits while the peer is dead arrive as one, with who made them and why."""
        with self._pair() as (ring, here, there):
            revision, _ = there.running()
            ring.kill("b")
            for turn in range(1, AWAY_COMMITS + 1):
                here.change(f"while away {turn}", "zones", "zone", f"z{turn}", "description",
                            f"turn {turn}")
            pending = number(remote_of(sync_status(here.control)), "pending")
            step.need(pending == AWAY_COMMITS,
                      f"status says {pending} commits wait, not {AWAY_COMMITS}")
            ring.start("b")
            took = self._equal(ring)
            arrived = there.running()[0] - revision
            step.need(arrived == 1, f"{AWAY_COMMITS} commits became {arrived} revisions")
            told = (there.control.text("config", "history", "--limit", "5")
                    + there.control.text("config", "history", "--limit", "5", "--json")
                    + there.control.text("config", "audit", "--limit", "20"))
            missing = [turn for turn in range(1, AWAY_COMMITS + 1)
                       if f"while away {turn}" not in told]
            step.need(not missing, f"the peer's history does not tell of commits {missing}")
            for turn in range(1, AWAY_COMMITS + 1):
                step.need(there.has(f"turn {turn}"), f"commit {turn} is lost")
            step.seen = (f"{AWAY_COMMITS} commits became {arrived} revision of the peer "
                         f"{took:.1f} s after it was back")

    # --- Divergence ------------------------------------------------------------------------------

    def _diverge(self, ring, here, there, place=("zones", "zone", "first", "description")):
        """b leaves, commits, and comes back; a commits meanwhile."""
        switch = ("ha", "configuration-synchronization", "enabled")
        here.change("the base", *place, "base")
        self._equal(ring)
        there.change("leave", *switch, "false")
        wait_for_reason((here.control,), "CONFIG_SYNC_DISABLED_PEER", self._tally)
        there.change("there", *place[:-1], "description", "there")
        here.change("here", "zones", "zone", "second", "description", "here")
        there.change("come back", *switch, "true")
        return wait_for_reason(ring.config.values(), "DIVERGED", self._tally)

    def divergence_is_merged(self, step):
        """Changes on both sides are shown, and merged three ways."""
        with self._pair() as (ring, here, there):
            took = self._diverge(ring, here, there)
            shown = {node.control.name: node.difference() for node in (here, there)}
            step.need(all(shown.values()), f"`config difference` shows {shown}")
            merged = here.decide("merge", "--comment", "merged")
            step.need(merged.get("done"), f"merge says {merged}")
            self._equal(ring)
            for node in (here, there):
                step.need(node.has('"there"') and node.has('"here"'),
                          f"node {node.control.name} does not have both changes")
            left = [node.control.name for node in (here, there) if node.difference()]
            step.need(not left, f"`config difference` is not empty on {left}")
            step.seen = (f"DIVERGED on both after {max(took.values()):.1f} s, "
                         f"{len(shown['a'])} differences; merged, both have both")

    def divergence_is_overwritten(self, step):
        """A conflict is decided by hand: nothing happens until then; one side wins, the other has a
        restore point."""
        with self._pair() as (ring, here, there):
            self._diverge(ring, here, there)
            here.change("a conflict", "zones", "zone", "first", "description", "mine")
            before = here.running(), there.running()
            merged = here.decide("merge")
            step.need(not merged.get("done") and merged.get("conflicts"),
                      f"a merge with a conflict says {merged}")
            step.need((here.running(), there.running()) == before, "the merge changed a node")
            step.need(not succeeds(*here.control.command("config", "sync", "overwrite",
                                                         "--confirm", "x")),
                      "a wrong confirmation was taken")
            step.need((here.running(), there.running()) == before, "that changed a node")
            done = here.decide("overwrite")
            step.need(done.get("done"), f"overwrite says {done}")
            self._equal(ring)
            step.need(there.has('"mine"'), "the remote is not as here")
            point = number(done, "restore_point")
            step.need(point > 0 and '"there"' in there.control.text(
                "config", "show", "--view", str(point)), f"restore point {point} is not what was")
            step.seen = (f"{len(merged.get('conflicts', []))} conflict listed and nothing done; "
                         f"overwritten; the remote can go back to {point}")

    # --- Three -----------------------------------------------------------------------------------

    def loop_of_three(self, step):
        """a pushes to b, b to c, c to a: every commit arrives once, and then all is still."""
        with Ring(self._prefix, self._programs, 3) as ring:
            ring.start()
            for first, second in (("a", "b"), ("b", "c"), ("c", "a")):
                ring.pair(first, second, options=("--remote-only",))
            for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
                ring.synchronise(name, {other: {}})
            here = Committer(ring.config["a"], self._tally)
            before = {name: number(ring.config[name].status(), "running") for name in ring.names}
            for turn in range(LOOP_COMMITS):
                here.change(f"round {turn}", "zones", "zone", "first", "description",
                            f"round {turn}")
            last = f"round {LOOP_COMMITS - 1}"
            deadline = time.monotonic() + 30
            while not all(last in control.text("config", "show")
                          for control in ring.config.values()):
                if time.monotonic() > deadline:
                    raise LabError(f"{last} did not reach all three nodes")
                time.sleep(0.1)
            reached = self._revisions(ring)
            time.sleep(QUIET_S)
            step.need(self._revisions(ring) == reached, "the nodes go on pushing")
            grown = {name: reached[name] - before[name] for name in ring.names}
            step.need(all(count <= LOOP_COMMITS for count in grown.values()),
                      f"{LOOP_COMMITS} commits became {grown} revisions")
            self._equal(ring)
            step.seen = f"{LOOP_COMMITS} commits became {grown} revisions, then all stand still"

    def _revisions(self, ring):
        return {name: number(ring.config[name].status(), "running") for name in ring.names}

    # --- Confirmation ----------------------------------------------------------------------------

    def nobody_confirms(self, step):
        """The node that asked for it is killed: both go back, each by itself."""
        with self._pair() as (ring, here, there):
            here.change("before", "zones", "zone", "first", "description", "before")
            self._equal(ring)
            here.change("not confirmed", "zones", "zone", "first", "description", "after",
                        options=("--confirm-within", f"{CONFIRM_S}s"))
            step.need(there.has('"after"'), "the commit did not reach the peer")
            ring.kill("a")
            deadline = time.monotonic() + CONFIRM_S + 10
            while not there.has('"before"'):
                if time.monotonic() > deadline:
                    raise LabError("the peer did not go back")
                time.sleep(0.1)
            self._tally.given_up()
            ring.start("a")
            deadline = time.monotonic() + 10
            while not here.has('"before"') and time.monotonic() < deadline:
                time.sleep(0.1)
            step.need(here.has('"before"'), "the killed node did not go back when it started")
            self._equal(ring)
            step.seen = f"both went back within {CONFIRM_S} s; the killed one as it started"

    def somebody_confirms(self, step):
        """A confirmation here is one there."""
        with self._pair() as (ring, here, there):
            here.change("to be confirmed", "zones", "zone", "first", "description", "kept",
                        options=("--confirm-within", f"{CONFIRM_S}s"))
            step.need(there.control.status().get("confirm"), "the peer has no timer")
            here.control.text("config", "confirm")
            time.sleep(CONFIRM_S + 1)
            for node in (here, there):
                step.need(node.has('"kept"'), f"node {node.control.name} went back")
                step.need(not node.control.status().get("confirm"),
                          f"node {node.control.name} still waits")
            self._equal(ring)
            startup = number(there.control.status(), "startup")
            step.need(startup == there.running()[0],
                      f"the peer's startup is {startup}, it runs {there.running()[0]}")
            step.seen = "kept on both; the peer has saved it"
