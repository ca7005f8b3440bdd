# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The story of the drill config-local: live traffic shows what commits do."""

import json
import time

from lablib import topology
from lablib.configuration import rule_of
from lablib.control import number
from lablib.lab import Lab
from lablib.shell import LabError

from .config_outcome import (FLOW_RATE_HZ, FOLLOW_S_MAX, REACTION_S_MAX, SWAPPED_RULES, FlowCount,
                             Step, judge_deny, judge_swap)
from .endpoints import Endpoint

PROBED_PORT = 7100        # Of the service whose rule changes; the steady traffic uses 7000.
PROBE_FLOWS = 40          # TCP connections that the changing rule carries.
STEADY_FLOWS = 20
START_S_MAX = 20.0        # Until steady traffic runs.
SWAPS = 8
# A machine that is too busy for the flow itself loses datagrams, too: not each time. A swap that
# costs datagrams would.
SWAP_ATTEMPTS = 3
CONFIRM_S = 3
HA_EDIT_S = 10            # The shortest that there is.
OTHER_NAT_ADDRESS = "10.2.0.60"
PROBE = "probe"           # The changing rule.


class ConfigStory:
    """Each step is a method that returns a Step; `run` tells them in order."""

    def __init__(self, options, say):
        self._options = options
        self._say = say
        self._lab = None
        self._active = ""
        self.commits = 0

    def run(self, keep=False):
        """Returns the steps. The lab is taken down, whatever happens, unless `keep`."""
        self._say(f'lab "{self._options.prefix}": two nodes, each with a configd')
        self._lab = Lab.up(self._options)
        try:
            self._active, standby = self._lab.start_all()
            self._say(f"ready: node {self._active} is active, node {standby} stands by")
            return self._steps()
        finally:
            if keep:
                self._say(f"the lab is still up: tools/lab --prefix {self._options.prefix} status")
            else:
                self._lab.down()

    def _steps(self):
        steps = []
        for tell in (self.permit, self.deny, self.rollback, self.confirm_expires, self.swap,
                     self.translation, self.dataplane_restarts, self.configd_is_down,
                     self.failover_off, self.edit_lock):
            step = Step(tell.__name__.replace("_", " "))
            steps.append(step)
            try:
                tell(step)
            except LabError as error:
                step.faults.append(f"the story ends here: {error}")
            self._say(f"{step.name}: {step.seen or '-'}"
                      + "".join(f"; FAULT: {fault}" for fault in step.faults))
            if step.faults and step.faults[-1].startswith("the story ends here"):
                break
        return steps

    # --- What traffic shows ----------------------------------------------------------------------

    def permit(self, step):
        """A rule that permits lets traffic pass at once."""
        self._commit({"action": "deny"}, "probe denied")
        with self._probe() as probe:
            time.sleep(1.5)
            step.need(probe.client.progress().get("tcp_echoing", 0) == 0,
                      "connections pass although their rule denies")
            self._commit({"action": "permit"}, "probe permitted")
            took = probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS)
            step.need(took is not None, f"denied connections do not pass {REACTION_S_MAX:.0f} s "
                                        "after their rule permits")
            step.seen = (f"{PROBE_FLOWS} connections pass {took or 0:.1f} s after the commit, "
                         "a TCP retry included")

    def deny(self, step):
        """A rule that denies ends its sessions, as the plan said, and nothing else."""
        with self._steady() as steady, self._probe() as probe:
            probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS)
            wanted = self._session_count()
            plan = self._edit_rule(self._active, {"action": "deny"}, check=True)
            outcome = self._commit({"action": "deny"}, "probe denied")[self._active]
            probe.need_silence(step)
            judge_deny(step, number(plan.get("sessions", {}), "ended"),
                       number(outcome.get("sessions", {}), "ended"), self._session_count(), wanted)
            steady.need_whole(step)

    def rollback(self, step):
        """A rollback is a commit of an older revision; traffic passes again."""
        with self._probe() as probe:
            for name in topology.NODES:
                control = self._lab.config[name]
                before = number(control.status(), "running")
                control.text("config", "rollback", str(before - 1))
                control.commit("undo")
                self.commits += 1
                step.need(number(control.status(), "running") == before + 1,
                          f"node {name}: a rollback did not make a revision of its own")
            took = probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS)
            step.need(took is not None, "connections do not pass after the rollback")
            step.seen = f"{PROBE_FLOWS} connections pass again"

    def confirm_expires(self, step):
        """A commit that nobody confirms is undone in time."""
        with self._probe() as probe:
            probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS)
            started = time.monotonic()
            self._commit({"action": "deny"}, "to be confirmed", "--confirm-within",
                         f"{CONFIRM_S}s", nodes=(self._active,))
            probe.need_silence(step)
        with self._probe() as probe:
            took = probe.wait(lambda seen: seen["tcp_echoing"] >= PROBE_FLOWS,
                              timeout_s=CONFIRM_S + 2 * REACTION_S_MAX)
            step.need(took is not None, "nothing passes after the confirmation was due")
            after = time.monotonic() - started
            history = self._lab.config[self._active].json("config", "history", "--limit", "1")
            origin = (history.get("revisions") or [{}])[0].get("origin")
            step.need(origin == "confirm-expired", f"the newest revision is a {origin}")
            step.seen = f"undone; connections pass again {after:.1f} s after the commit"

    def swap(self, step):
        """Many rules change under a fast flow, and it loses nothing."""
        for name in topology.NODES:
            self._swap_rules(name, 0)
        for attempt in range(1, SWAP_ATTEMPTS + 1):
            step.faults.clear()
            with self._steady(rate_hz=FLOW_RATE_HZ) as steady:
                for turn in range(SWAPS):
                    self._swap_rules(self._active, 1 + turn)
                steady.finish()
                judge_swap(step, FlowCount.of(steady.report["udp"][0]), SWAPS, attempt)
                step.need(not any(flow["failed_ns"] for flow in steady.report["tcp"]),
                          "TCP connections of the steady traffic failed")
            if not step.faults:
                break
            self._swap_rules(self._active, 0)

    def translation(self, step):
        """Other NAT addresses: sessions under the old ones end, new ones get the new ones."""
        with self._steady() as steady:
            old = self._nat_addresses()
            plan = {}
            for name in topology.NODES:
                control = self._lab.config[name]
                for address in topology.NAT_ADDRESSES:
                    control.text("config", "delete", "nat", "pool", "outside", "address", address)
                control.text("config", "set", "nat", "pool", "outside", "address",
                             OTHER_NAT_ADDRESS, "id", "9")
                outcome = control.commit("another NAT address")
                plan = outcome.get("sessions", {}) if name == self._active else plan
                self.commits += 1
            with self._steady(port=7001):
                time.sleep(1.0)
                new = self._nat_addresses()
            ended = number(plan, "ended")
            step.need(old and old <= set(topology.NAT_ADDRESSES), f"before, sessions used {old}")
            step.need(new == {OTHER_NAT_ADDRESS}, f"afterwards sessions use {new}")
            step.need(ended > 0, "the commit ended no session")
            steady.finish()
            flow = FlowCount.of(steady.report["udp"][0])  # To the server that is not translated.
            step.need(flow.lost == 0, f"{flow.lost} datagrams of routed traffic were lost")
            step.seen = f"{ended} sessions of the old addresses ended, new ones use the new one"

    # --- What processes show ---------------------------------------------------------------------

    def dataplane_restarts(self, step):
        """A dataplane that restarts gets the running revision again."""
        standby = topology.peer_of(self._active).name
        running = number(self._lab.config[standby].status(), "running")
        self._lab.stop(standby)
        self._lab.start(standby)
        started = time.monotonic()
        self._lab.wait_until_following(FOLLOW_S_MAX)
        took = time.monotonic() - started
        self._lab.wait_until_ready()
        follow = self._lab.config[standby].status()["follow"]
        step.need(number(follow, "revision") == running,
                  f"it runs revision {number(follow, 'revision')}, not {running}")
        step.seen = f"it runs revision {running} again {took:.1f} s after its start"

    def configd_is_down(self, step):
        """Forwarding and failover do not need configd; what was committed meanwhile arrives."""
        old, new = self._active, topology.peer_of(self._active).name
        with self._steady() as steady:
            for name in topology.NODES:
                self._lab.stop_configd(name, 9)
            time.sleep(0.5)
            self._lab.stop(old, 9)
            deadline = time.monotonic() + 10
            while (self._lab.control[new].status_or_none() or {}).get("role") != "active":
                if time.monotonic() > deadline:
                    raise LabError(f"node {new} did not take over without configd")
                time.sleep(0.1)
            time.sleep(1.5)
            failed = steady.need_connections(step)
        for name in topology.NODES:
            self._lab.start_configd(name)
        self._lab.start(old)
        self._lab.wait_until_following(FOLLOW_S_MAX)
        self._active, _ = self._lab.wait_until_ready()
        step.need(self._active == new, f"node {self._active} is active, not {new}")
        step.seen = (f"both configds killed, then node {old}: {STEADY_FLOWS - failed} of "
                     f"{STEADY_FLOWS} connections live on; all follow again")

    def failover_off(self, step):
        """With failover disabled by configuration no fault moves the active role (F68)."""
        old, new = self._active, topology.peer_of(self._active).name
        for name in topology.NODES:
            self._switch_failover(name, "false")
        self._lab.stop(old, 9)
        time.sleep(2.0)
        role = self._lab.control[new].json("status").get("role")
        step.need(role == "standby", f"2 s after the kill node {new} is {role}")
        self._switch_failover(new, "true")
        started = time.monotonic()
        while self._lab.control[new].json("status").get("role") != "active":
            if time.monotonic() - started > REACTION_S_MAX:
                raise LabError(f"node {new} does not take over although failover is enabled again")
            time.sleep(0.05)
        took = time.monotonic() - started
        self._lab.start(old)
        self._switch_failover(old, "true")
        self._lab.wait_until_following(FOLLOW_S_MAX)
        self._active, _ = self._lab.wait_until_ready()
        step.seen = (f"a killed active was not replaced for 2 s; enabled again, node {new} took "
                     f"over within {took:.1f} s")

    def edit_lock(self, step):
        """Interfaces cannot be edited while HA is armed; the guided sequence can, and ends by
        itself."""
        control = self._lab.config[self._active]
        edit = ("config", "set", "/interfaces/interface[name='servers']/description", "edited")
        control.text(*edit)
        refused = control.json("config", "commit", "--comment", "an interface")
        codes = [problem.get("code") for problem in refused.get("problems", {}).get("list", [])]
        step.need(codes == ["HA_EDIT_LOCK"], f"an interface edit with HA armed gave {codes}")
        control.text("config", "discard")
        control.text("ha", "edit", "begin", "--for", f"{HA_EDIT_S}s")
        step.need(not control.status().get("ha_armed"), "HA is armed although an edit has begun")
        control.text(*edit)
        control.commit("an interface")
        control.text("ha", "edit", "end")
        step.need(control.status().get("ha_armed"), "HA is not armed after the edit ended")
        control.text("ha", "edit", "begin", "--for", f"{HA_EDIT_S}s")
        begun = time.monotonic()
        while not control.status().get("ha_armed") and time.monotonic() - begun < HA_EDIT_S + 5:
            time.sleep(0.2)
        took = time.monotonic() - begun
        step.need(HA_EDIT_S - 2 <= took < HA_EDIT_S + 5, f"HA was armed again after {took:.1f} s, "
                                                         f"{HA_EDIT_S} were asked for")
        self.commits += 5
        step.seen = f"refused, edited, armed; a forgotten edit armed itself after {took:.1f} s"

    # --- Helpers ---------------------------------------------------------------------------------

    def _commit(self, leaves, comment, *options, nodes=tuple(topology.NODES)):
        """Changes the probed rule on nodes. Returns node → outcome."""
        outcomes = {name: self._edit_rule(name, leaves, comment, options) for name in nodes}
        self.commits += len(outcomes)
        return outcomes

    def _edit_rule(self, name, leaves, comment="", options=(), check=False):
        control = self._lab.config[name]
        if f'"{PROBE}"' not in control.text("config", "show", "policy"):
            rule = {"name": PROBE, "id": 5, "from-zone": "clients", "to-zone": "servers",
                    "protocol": ["tcp"], "destination-port": [str(PROBED_PORT)], "action": "deny"}
            control.load({"lockstep-policy:policy": {"rule": [rule]}}, verb="merge")
            control.text("config", "move", "policy", "rule", PROBE, "--first")
        for leaf, value in leaves.items():
            control.text("config", "set", "policy", "rule", PROBE, leaf, value)
        if check:
            return control.json("config", "plan")
        return control.commit(comment, *options)

    def _swap_rules(self, name, turn):
        """Commits a policy with a thousand more rules, each different from the turn before."""
        control = self._lab.config[name]
        configuration = json.loads(control.text("config", "show"))
        policy = configuration["lockstep-policy:policy"]
        policy["rule"] = [rule for rule in policy["rule"] if not rule["name"].startswith("swap-")]
        policy["rule"][:0] = [
            rule_of(10_000 + i, f"swap-{i}", "192.0.2.1", {})
            | {"protocol": ["udp"], "destination-port": [str(20_000 + 1_000 * turn + i)]}
            for i in range(SWAPPED_RULES)]
        control.load(configuration)
        control.commit(f"a thousand rules, turn {turn}")
        self.commits += 1

    def _switch_failover(self, name, value):
        control = self._lab.config[name]
        control.text("config", "set", "ha", "failover", "enabled", value)
        control.commit(f"failover {value}")
        self.commits += 1

    def _nat_addresses(self):
        """Addresses that live translated sessions have."""
        rows = self._lab.control[self._active].json("sessions", "--all").get("sessions", [])
        return {row["nat"].partition(":")[0] for row in rows if row.get("nat")
                and row.get("state") == "established"}

    def _session_count(self):
        text = self._lab.control[self._active].json("sessions", "--port", str(PROBED_PORT),
                                                    "--count")
        return number(text, "count")

    def _steady(self, port=7000, rate_hz=1000):
        return Traffic(self._options, port, "--interactive", STEADY_FLOWS, "--udp-fast", 1,
                       "--udp-fast-rate", rate_hz, echoing=STEADY_FLOWS)

    def _probe(self):
        return Traffic(self._options, PROBED_PORT, "--interactive", PROBE_FLOWS, "--udp-fast", 0)


class Traffic:
    """A server and a client of lockstep-traffic at a port of their own, for the time of a step.
    Begins when so many TCP connections echo."""

    def __init__(self, options, port, *arguments, echoing=0):
        self._options = options
        self._port = port
        self._echoing = echoing
        self._arguments = ("--idle", 0, "--bulk", 0, "--short-rate", 0, "--udp-slow", 0, *arguments)
        self.report = self.client = self.server = None

    def __enter__(self):
        self.server = Endpoint(self._options, "server", "--port", self._port)
        try:
            self.server.wait_until_ready()
            self.client = Endpoint(self._options, "client", "--port", self._port,
                                   *self._arguments)
            self.client.wait_until_ready()
            if self.wait(lambda seen: seen["tcp_echoing"] >= self._echoing, START_S_MAX) is None:
                raise LabError(f"of {self._echoing} connections at port {self._port} only "
                               f"{self.client.progress()['tcp_echoing']} echo")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for end in (self.client, self.server):
            if end is not None:
                end.kill()

    def wait(self, holds, timeout_s=REACTION_S_MAX):
        """Seconds until the client's progress satisfies `holds`; None if it does not in time."""
        started = time.monotonic()
        while time.monotonic() - started < timeout_s:
            if holds(self.client.wait_for_progress()):
                return time.monotonic() - started
        return None

    def need_silence(self, step):
        """No byte comes back from now on, whatever the client sends."""
        before = self.client.wait_for_progress()["tcp_echoed_bytes"]
        self.client.wait_for_progress()
        echoed = self.client.wait_for_progress()["tcp_echoed_bytes"] - before
        step.need(echoed == 0, f"{echoed} bytes pass although the rule denies")

    def finish(self):
        """Ends the client and keeps its report."""
        if self.report is None:
            self.report = self.client.finish()

    def need_whole(self, step):
        """What a change was not about must not notice it."""
        self.finish()
        flow = FlowCount.of(self.report["udp"][0])
        step.need(flow.lost == 0,
                  f"{flow.lost} of {flow.sent} datagrams of other traffic were lost")
        self.need_connections(step)

    def need_connections(self, step):
        """All TCP connections live on. Returns how many do not."""
        self.finish()
        failed = sum(1 for flow in self.report["tcp"] if flow["failed_ns"] or not flow["settled"])
        step.need(failed == 0, f"{failed} connections of other traffic failed")
        return failed
