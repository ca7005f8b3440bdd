# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Two or three lockstep-configds without dataplanes, each in a network namespace of its own, joined
by one bridge that stands for HA1.

  a 10.9.1.1 ──┐
  b 10.9.1.2 ──┼── bridge ha1 (namespace PREFIX-wire)
  c 10.9.1.3 ──┘

It comes up in a second, so tests can have one each."""

import os
import shutil
import signal
import time

from . import process, topology
from .configd import ConfigControl, arguments_of
from .pairing import pair, synchronisation_of
from .shell import LabError, run, succeeds

NAMES = ("a", "b", "c")
PORT = 4792
INTERFACE = "ha1"
SYSCTLS = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")


def address_of(name):
    """HA1 address of a node."""
    return f"10.9.1.{NAMES.index(name) + 1}"


class Ring:
    """The nodes, by name. Use it as a context: what it has made is taken down at the end."""

    def __init__(self, prefix, programs, count=2, tls_keys=False, arguments=()):
        self.prefix = prefix
        self.names = NAMES[:count]
        self.folder = topology.ROOT / prefix
        self._program = programs["lockstep-configd"]
        self._tls_keys = tls_keys
        self._arguments = arguments
        self._processes = {}
        self.config = {name: ConfigControl(programs, self.node_folder(name), name)
                       for name in self.names}

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_):
        self.down()

    def node_folder(self, name):
        """A node's own folder: state, socket, log, keys of HA1."""
        return self.folder / name

    def namespace(self, name):
        """Network namespace of a node, or of the "wire"."""
        return f"{self.prefix}-{name}"

    def _build(self):
        if self.folder.exists():
            raise LabError(f"{self.folder} exists: another lab has this prefix, or it was not "
                           "taken down")
        wire = self.namespace("wire")
        run("ip", "netns", "add", wire)
        run("ip", "-n", wire, "link", "add", INTERFACE, "type", "bridge", "stp_state", "0",
            "forward_delay", "0", "mcast_snooping", "0")
        run("ip", "-n", wire, "link", "set", INTERFACE, "up")
        for number, name in enumerate(self.names):
            self.node_folder(name).mkdir(parents=True)
            space = self.namespace(name)
            run("ip", "netns", "add", space)
            run("ip", "netns", "exec", space, "sysctl", "-q", "-w", *SYSCTLS)
            run("ip", "link", "add", INTERFACE, "netns", space, "index", 101 + 2 * number,
                "type", "veth", "peer", "name", f"node-{name}", "netns", wire,
                "index", 102 + 2 * number)
            run("ip", "-n", wire, "link", "set", f"node-{name}", "master", INTERFACE, "up")
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "link", "set", INTERFACE, "up")
            run("ip", "-n", space, "addr", "add", f"{address_of(name)}/24", "dev", INTERFACE)

    # --- Nodes -----------------------------------------------------------------------------------

    def start(self, *names):
        """Starts configds (all, if none is named) and waits until they answer."""
        for name in names or self.names:
            self.launch(name)
        for name in names or self.names:
            self.wait_until_up(name)

    def launch(self, name):
        """Starts one and waits for nothing."""
        folder = self.node_folder(name)
        self._processes[name] = process.start_in_network(
            self.namespace(name),
            arguments_of(self._program, folder, folder / "control.sock", (address_of(name),),
                         self._tls_keys) + list(self._arguments), folder / "configd.log")

    def wait_until_up(self, name):
        """Waits for its first answer."""
        return self.config[name].wait_until_up(lambda: self.is_running(name),
                                               self.node_folder(name) / "configd.log")

    def stop(self, name, signal_number=signal.SIGTERM):
        """Ends one and waits until it is gone."""
        if not process.end(self._processes.pop(name, None), signal_number):
            raise LabError(f"configd {name}: does not run")

    def kill(self, name):
        """SIGKILL."""
        self.stop(name, signal.SIGKILL)

    def signal(self, name, signal_number):
        """Sends SIGSTOP, SIGCONT, …"""
        os.kill(self._processes[name]["pid"], signal_number)

    def is_running(self, name):
        """Whether it runs."""
        started = self._processes.get(name)
        if started:
            process.reap(started["pid"])
        return process.is_running(started)

    def log(self, name):
        """All that it has logged."""
        path = self.node_folder(name) / "configd.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # --- The wire --------------------------------------------------------------------------------

    def cut(self, name):
        """Takes a node's end of HA1 down."""
        run("ip", "-n", self.namespace(name), "link", "set", INTERFACE, "down")

    def heal(self, name):
        """… and up again."""
        run("ip", "-n", self.namespace(name), "link", "set", INTERFACE, "up")

    def block(self, name):
        """A filter on the way: what the node answers at the port of synchronisation does not leave
        it, without a word to anybody. ARP and ping still pass."""
        run("ip", "-n", self.namespace(name), "rule", "add", "ipproto", "tcp", "sport", PORT,
            "blackhole")

    def unblock(self, name):
        """Takes the filter away."""
        run("ip", "-n", self.namespace(name), "rule", "del", "ipproto", "tcp", "sport", PORT,
            "blackhole")

    # --- Pairs -----------------------------------------------------------------------------------

    def pair(self, first="a", second="b", options=()):
        """Makes two nodes known to each other."""
        return pair(self.config[first], self.config[second], address_of(second), options=options)

    def synchronise(self, name, remotes, **leaves):
        """Commits on a node that it synchronises with these nodes: name → more leaves of the
        remote, as map or password."""
        control = self.config[name]
        entries = {other: {"address": address_of(other), **more}
                   for other, more in remotes.items()}
        control.load(synchronisation_of(entries, **leaves), verb="merge")
        return control.commit(f"synchronise with {', '.join(remotes)}")

    def paired(self, **leaves):
        """Starts a and b, pairs them, and has both synchronise. Returns itself."""
        self.start("a", "b")
        self.pair()
        self.synchronise("b", {"a": {}}, **leaves)
        self.synchronise("a", {"b": {}}, **leaves)
        return self

    def set(self, name, *words):
        """`lockstepctl config set` at a node."""
        self.config[name].text("config", "set", *words)

    # --- Taking down -----------------------------------------------------------------------------

    def down(self):
        """Ends what was started and removes what was made."""
        for started in self._processes.values():
            process.end(started, signal.SIGKILL)
        self._processes.clear()
        for name in (*self.names, "wire"):
            succeeds("ip", "netns", "del", self.namespace(name))
        for attempt in range(20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.05 * attempt)
        try:
            topology.ROOT.rmdir()
        except OSError:
            pass  # Another lab is up.
