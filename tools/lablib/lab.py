# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""A lab as one object: up, start, stop, wait, down."""

import os
import shutil
import signal
import time

from . import configuration, network, nodefile, pairing, process, topology
from .configd import ConfigControl
from .control import Control, number
from .record import Record
from .shell import LabError, run

POLL_S = 0.1


class Lab:
    """A lab that is up. Make one by Lab.up() or Lab.load()."""

    def __init__(self, record):
        self._record = record
        self.options = record.options
        if "lockstepctl" in self.options.programs:
            self.control = {name: Control(self.options, name) for name in topology.NODES}
        if self.options.configd:
            self.config = {name: ConfigControl(self.options.programs,
                                               self.options.node_folder(name), name)
                           for name in topology.NODES}

    @classmethod
    def up(cls, options):
        """Builds namespaces and node folders; starts nothing. Whatever fails is taken down."""
        if len(options.prefix) > topology.PREFIX_LENGTH_MAX or not options.prefix.isalnum():
            raise LabError(f'prefix "{options.prefix}": at most {topology.PREFIX_LENGTH_MAX} '
                           "letters and digits")
        if options.folder.exists():
            raise LabError(f'lab "{options.prefix}": is up already, or was not taken down; '
                           f"tools/lab down --prefix {options.prefix}")
        record = Record(options)
        record.save()
        lab = cls(record)

        def note(namespace):
            record.namespaces.append(namespace)
            record.save()

        try:
            network.build(options, note)
            lab.write_node_folders()
        except BaseException:
            lab.down()
            raise
        return lab

    @classmethod
    def load(cls, prefix):
        """The lab that is up under this prefix."""
        return cls(Record.load(prefix))

    def write_node_folders(self):
        """Node files and the pair secret; a lab of networks only has no lockstepctl to make it."""
        for name in topology.NODES:
            folder = self.options.node_folder(name)
            folder.mkdir(parents=True)
            (folder / "node.conf").write_text(nodefile.text_of(self.options, name),
                                              encoding="utf-8")
        if "lockstepctl" not in self.options.programs:
            return
        secrets = [self.options.node_folder(name) / "pair-secret" for name in topology.NODES]
        run(self.options.programs["lockstepctl"], "pair-secret", "new", secrets[0])
        shutil.copy2(secrets[0], secrets[1])

    # --- Nodes -----------------------------------------------------------------------------------

    def start(self, name):
        """Starts the dataplane of a node. Raises LabError if it runs."""
        if self.is_running(name):
            raise LabError(f"node {name}: runs already, pid {self.pid(name)}")
        self._record.processes[name] = process.start_node(self.options, name)
        self._record.save()

    def start_all(self):
        """Starts both nodes, with their configds if the lab has them, and waits until the pair is
        ready. Returns (active, standby)."""
        for name in topology.NODES:
            self.start(name)
            if self.options.configd:
                self.start_configd(name)
        if self.options.configd:
            self.wait_until_following()
        ready = self.wait_until_ready()
        if self.options.paired:
            self.pair_configds(*ready)
        return ready

    def stop(self, name, signal_number=signal.SIGTERM):
        """Ends the dataplane of a node and waits until it is gone."""
        if not process.end(self._record.processes.get(name), signal_number):
            raise LabError(f"node {name}: does not run")
        del self._record.processes[name]
        self._record.save()

    def kill(self, name):
        """Sends SIGKILL and returns at once with the monotonic time of it, in nanoseconds.
        Call clear_away() later: until then the node counts as one that should run."""
        pid = self.pid(name)
        if pid == 0:
            raise LabError(f"node {name}: does not run")
        at_ns = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return at_ns

    def clear_away(self, name):
        """Waits for the end of a node that kill() has hit."""
        process.end(self._record.processes.pop(name, None), signal.SIGKILL)
        self._record.save()

    def pid(self, name):
        """Process id of a node's dataplane, 0 if it does not run."""
        return self._record.processes[name]["pid"] if self.is_running(name) else 0

    def is_running(self, name):
        """Whether the dataplane this lab started still runs."""
        return process.is_running(self._record.processes.get(name))

    # --- The configd of a node -------------------------------------------------------------------

    def start_configd(self, name):
        """Starts the configd of a node and waits until it answers. One with a fresh store gets the
        lab's plan as its first commit."""
        key = configd_of(name)
        if self.is_running(key):
            raise LabError(f"configd of node {name}: runs already, pid {self.pid(key)}")
        self._record.processes[key] = process.start_configd(self.options, name)
        self._record.save()
        folder, control = self.options.node_folder(name), self.config[name]
        status = control.wait_until_up(lambda: self.is_running(key), folder / "configd.log")
        if number(status, "running") <= 1:
            control.load(configuration.configuration_of(self.options, name))
            control.commit("the plan of the lab", "--save")

    def stop_configd(self, name, signal_number=signal.SIGTERM):
        """Ends the configd of a node and waits until it is gone."""
        self.stop(configd_of(name), signal_number)

    def pair_configds(self, active, standby):
        """Makes the configds a pair that synchronises, and waits until both prove it."""
        pairing.pair(self.config[active], self.config[standby],
                     topology.NODES[standby].ha1_address)
        self.synchronise(standby)
        self.synchronise(active)
        for name in topology.NODES:
            pairing.wait_for_sync(self.config[name])
        self.wait_until_following()

    def synchronise(self, name, **leaves):
        """Commits on a node that it synchronises with the other one."""
        peer, control = topology.peer_of(name), self.config[name]
        control.load(pairing.synchronisation_of({peer.name: peer.ha1_address}, **leaves),
                     verb="merge")
        control.commit(f"synchronise with {peer.name}")

    def wait_until_following(self, timeout_s=30.0):
        """Waits until each dataplane that runs has its configd's running revision."""
        deadline = time.monotonic() + timeout_s
        for name in topology.NODES:
            while self.is_running(name) and self.is_running(configd_of(name)):
                status = self.config[name].status()
                follow = status.get("follow", {})
                if (follow.get("state") == "following"
                        and number(follow, "revision") == number(status, "running")):
                    break
                if time.monotonic() > deadline:
                    raise LabError(f"node {name}: its dataplane does not follow after "
                                   f"{timeout_s:.0f} s: {follow}")
                time.sleep(POLL_S)

    def in_node_network(self, name, *argv):
        """Runs a program in the network namespace of a node, outside of its mounts."""
        return network.in_namespace(self.options, name, *argv)

    def log_tail(self, name, line_count=5):
        """Last lines a node, or the configd of one, has logged."""
        node, _, part = name.partition("-")
        path = self.options.node_folder(node) / f"{part or 'dataplane'}.log"
        if not path.exists():
            return ""
        return "\n".join(path.read_text(errors="replace").splitlines()[-line_count:])

    # --- Waiting ---------------------------------------------------------------------------------

    def statuses(self):
        """Node → status, or None where a node does not answer. Raises LabError for a dead node
        that should run."""
        for name, started in self._record.processes.items():
            process.reap(started["pid"])
            if not self.is_running(name):
                what = "its dataplane" if name in topology.NODES else "that process"
                raise LabError(f"node {name}: {what} has ended; last words:\n"
                               f"{self.log_tail(name)}")
        return {name: control.status_or_none() for name, control in self.control.items()}

    def wait_until_ready(self, timeout_s=60.0, on_poll=lambda statuses: None):
        """Waits for one active and one standby, synced if replication is on. Returns both names."""
        deadline = time.monotonic() + timeout_s
        while True:
            statuses = self.statuses()
            on_poll(statuses)
            roles = {(status or {}).get("role"): name for name, status in statuses.items()}
            if {"active", "standby"} <= roles.keys():
                readiness = statuses[roles["standby"]].get("readiness")
                if readiness == "synced" or not self.options.replication:
                    return roles["active"], roles["standby"]
            if time.monotonic() > deadline:
                raise LabError(f"the pair is not ready after {timeout_s:.0f} s: "
                               f"{describe(statuses)}\n{self._last_words()}")
            time.sleep(POLL_S)

    def _last_words(self):
        return "\n".join(f"node {name}: {self.log_tail(name)}" for name in topology.NODES)

    # --- Taking down -----------------------------------------------------------------------------

    def down(self):
        """Ends what was started and removes what was made. Says nothing if all is gone already."""
        for started in self._record.processes.values():
            process.end(started)
        network.remove(self._record.namespaces)
        shutil.rmtree(self.options.folder, ignore_errors=True)
        try:
            topology.ROOT.rmdir()
        except OSError:
            pass  # Another lab is up.


def configd_of(name):
    """How the record names the configd of a node."""
    return f"{name}-configd"


def describe(statuses):
    """One line about both nodes, for people."""
    words = []
    for name, status in statuses.items():
        if status is None:
            words.append(f"{name}: no answer")
        else:
            words.append(f"{name}: {status.get('role', '?')}, {status.get('readiness', '?')}")
    return "; ".join(words)
