# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Stories of the drill config with live traffic: a commit on one node is policy on the other when
the first one dies."""

import time

from lablib import topology
from lablib.lab import Lab
from lablib.pairing import wait_for_sync
from lablib.shell import LabError

from .config_outcome import Step
from .config_story import PROBE, PROBE_FLOWS, PROBED_PORT, Traffic
from .pair_steps import Committer, wait_until_equal

TAKEOVER_S_MAX = 10.0
CONFIRM_S = 12
PASSES_S_MAX = 15.0   # A SYN that was denied is tried again after 1, 3, 7 s.


class PairTrafficStory:
    """One lab; the active node is killed in every step, so the roles change each time."""

    def __init__(self, options, tally, say):
        self._options = options
        self._tally = tally
        self._say = say
        self._lab = None
        self._active = self._standby = ""
        self._nodes = {}

    def run(self, steps, keep=False):
        """Tells all. Returns the controls: (name, whether it was seen, words)."""
        self._say(f'lab "{self._options.prefix}": two nodes whose configds synchronise')
        self._lab = Lab.up(self._options)
        try:
            self._active, self._standby = self._lab.start_all()
            self._nodes = {name: Committer(self._lab.config[name], self._tally)
                           for name in topology.NODES}
            self._say(f"ready and in sync: node {self._active} is active")
            for tell in (self.permit_survives, self.deny_survives, self.failover_confirms_nothing):
                step = Step(tell.__name__.replace("_", " "))
                steps.append(step)
                tell(step)
                self._say(f"{step.name}: {step.seen or '-'}"
                          + "".join(f"; FAULT: {fault}" for fault in step.faults))
            return [self.control_without_sync()]
        except LabError as error:
            step = Step("traffic", faults=[f"the story ends here: {error}"])
            steps.append(step)
            self._say(f"{step.name}: FAULT: {step.faults[0]}")
            return []
        finally:
            if keep:
                self._say(f"the lab is still up: tools/lab --prefix {self._options.prefix} status")
            else:
                self._lab.down()

    # --- Steps -----------------------------------------------------------------------------------

    def permit_survives(self, step):
        """What one node permits, the other permits when the first is dead."""
        outcome = self._commit_rule("permit")
        step.need(self._is_applied(outcome), f"the commit says {outcome.get('remotes')}")
        died = self._active
        with self._probe() as probe:
            self._need_passing(step, probe, f"through node {died}")
            self._kill_active()
        took = self._need_new_connections(step)
        self._bring_back(died)
        step.seen = (f"permitted on {died}, killed; {PROBE_FLOWS} new connections through "
                     f"{self._active} after {took:.1f} s")

    def deny_survives(self, step):
        """And what one denies."""
        outcome = self._commit_rule("deny")
        step.need(self._is_applied(outcome), f"the commit says {outcome.get('remotes')}")
        died = self._active
        self._kill_active()
        with self._probe() as probe:
            time.sleep(4.0)
            echoing = probe.client.progress().get("tcp_echoing", 0)
        step.need(echoing == 0, f"{echoing} connections pass although {died} had denied them")
        self._bring_back(died)
        step.seen = (f"denied on {died}, killed; none of {PROBE_FLOWS} connections passes "
                     f"{self._active}")

    def failover_confirms_nothing(self, step):
        """A commit that waits for its confirmation is undone on the new active, too."""
        outcome = self._commit_rule("permit", "--confirm-within", f"{CONFIRM_S}s")
        step.need(self._is_applied(outcome), f"the commit says {outcome.get('remotes')}")
        begun, died = time.monotonic(), self._active
        self._kill_active()
        with self._probe() as probe:
            self._need_passing(step, probe, f"through node {self._active} before the time is over")
        while self._permits(self._active) and time.monotonic() - begun < CONFIRM_S + 10:
            time.sleep(0.2)
        took = time.monotonic() - begun
        step.need(not self._permits(self._active), f"node {self._active} did not go back")
        with self._probe() as probe:
            time.sleep(3.0)
            step.need(probe.client.progress().get("tcp_echoing", 0) == 0,
                      "connections pass although nobody confirmed")
        self._tally.given_up()
        self._bring_back(died)
        step.need(not self._permits(died), f"node {died} did not go back when it started")
        step.seen = (f"node {self._active} took over and went back {took:.1f} s after the commit, "
                     f"node {died} as it started")

    def control_without_sync(self):
        """With synchronisation off the other node must not have the policy: else the steps above
        would prove nothing."""
        for name in topology.NODES:
            self._nodes[name].change("off", "ha", "configuration-synchronization", "enabled",
                                     "false")
        self._commit_rule("permit")
        self._tally.given_up()
        self._kill_active()
        with self._probe() as probe:
            time.sleep(4.0)
            echoing = probe.client.progress().get("tcp_echoing", 0)
        return ("synchronisation off", echoing == 0,
                f"{echoing} of {PROBE_FLOWS} connections pass the other node after the kill")

    # --- Helpers ---------------------------------------------------------------------------------

    def _commit_rule(self, action, *options):
        """Commits on the active alone what the probed rule does. On a machine that is busy the
        roles may have changed since the last look."""
        self._active, self._standby = self._lab.wait_until_ready()
        node = self._nodes[self._active]
        if not node.has(f'"{PROBE}"'):
            rule = {"name": PROBE, "id": 5, "from-zone": "clients", "to-zone": "servers",
                    "protocol": ["tcp"], "destination-port": [str(PROBED_PORT)], "action": "deny"}
            node.control.load({"lockstep-policy:policy": {"rule": [rule]}}, verb="merge")
            node.control.text("config", "move", "policy", "rule", PROBE, "--first")
        node.set("policy", "rule", PROBE, "action", action)
        node.set("policy", "rule", PROBE, "description", f"since {time.monotonic():.3f}")
        return node.need_commit(f"probe: {action}", *options)

    def _permits(self, name):
        text = self._nodes[name].control.text("config", "show", "policy", "rule", PROBE)
        return '"permit"' in text

    def _is_applied(self, outcome):
        return any(remote.get("state") == "applied" for remote in outcome.get("remotes", []))

    def _probe(self):
        return Traffic(self._options, PROBED_PORT, "--interactive", PROBE_FLOWS, "--udp-fast", 0)

    def _need_passing(self, step, probe, where):
        took = probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS, PASSES_S_MAX)
        step.need(took is not None, f"permitted connections do not pass {where}")

    def _need_new_connections(self, step):
        with self._probe() as probe:
            took = probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS, PASSES_S_MAX)
        step.need(took is not None, f"permitted connections do not pass node {self._active}")
        return took or 0.0

    def _kill_active(self):
        """SIGKILL to the active's dataplane and configd at once; waits for the other to be
        active."""
        self._lab.stop_configd(self._active, 9)
        self._lab.stop(self._active, 9)
        deadline = time.monotonic() + TAKEOVER_S_MAX
        while (self._lab.control[self._standby].status_or_none() or {}).get("role") != "active":
            if time.monotonic() > deadline:
                raise LabError(f"node {self._standby} did not take over")
            time.sleep(0.05)
        self._active, self._standby = self._standby, self._active

    def _bring_back(self, name):
        """Starts a killed node and waits until the pair is whole and equal."""
        self._lab.start(name)
        self._lab.start_configd(name)
        self._lab.wait_until_following()
        self._active, self._standby = self._lab.wait_until_ready()
        wait_for_sync(self._lab.config[self._active])
        wait_until_equal(self._lab.config.values(), self._tally)
