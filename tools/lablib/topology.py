# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Names and addresses of the lab. Pure data: nothing here touches the machine."""

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/run/lockstep-lab")  # Records, node folders and logs of every lab on this machine.

CLIENT_ADDRESS = "10.1.0.10"
CLIENT_GATEWAY = "10.1.0.1"       # Virtual address of the pair on the client side.
CLIENT_PREFIX = "10.1.0.0/24"
SERVER_GATEWAY = "10.2.0.1"       # Virtual address of the pair on the server side.
SERVER_ROUTED = "10.2.0.100"      # Reached as it is.
SERVER_TRANSLATED = "10.2.0.200"  # Reached through source NAT.
NAT_ADDRESSES = ("10.2.0.50", "10.2.0.51")

LAN_MTU = 1500
HA2_MTU = 3400  # More does not go through an XDP program on veth here.

PREFIX_LENGTH_MAX = 8  # "PREFIX-client" stays a readable namespace name.


@dataclass(frozen=True)
class NodePlan:
    """One node: which addresses it has and which one it prefers to be."""

    name: str
    index: int
    priority: int
    client_address: str
    server_address: str
    ha1_address: str
    ha2_address: str
    ha2_second_address: str


NODES = {
    "a": NodePlan("a", 0, 110, "10.1.0.2", "10.2.0.2", "10.9.1.1", "10.9.2.1", "10.9.3.1"),
    "b": NodePlan("b", 1, 100, "10.1.0.3", "10.2.0.3", "10.9.1.2", "10.9.2.2", "10.9.3.2"),
}


def peer_of(name):
    """Plan of the other node."""
    return NODES["b" if name == "a" else "a"]


@dataclass(frozen=True)
class Link:
    """A veth pair. Its ends have different ifindexes: with equal ones link-down is seen late."""

    near: str            # Role of its namespace.
    near_interface: str
    far: str
    far_interface: str
    mtu: int = LAN_MTU
    bridge: str = ""     # The far end is a port of this bridge.


LINKS = (
    Link("client", "lan0", "lan", "client", bridge="clients"),
    Link("server", "lan0", "lan", "server", bridge="servers"),
    Link("a", "clients", "lan", "a-clients", bridge="clients"),
    Link("a", "servers", "lan", "a-servers", bridge="servers"),
    Link("b", "clients", "lan", "b-clients", bridge="clients"),
    Link("b", "servers", "lan", "b-servers", bridge="servers"),
    Link("a", "ha1", "b", "ha1"),
    Link("a", "ha2", "b", "ha2", mtu=HA2_MTU),
)
SECOND_HA2 = Link("a", "ha3", "b", "ha3", mtu=HA2_MTU)  # Only with two HA2 links.
BRIDGES = ("clients", "servers")
ROLES = ("client", "server", "lan", "a", "b")
FIRST_IFINDEX = 101  # Above what a fresh namespace numbers by itself.


@dataclass(frozen=True)
class LabOptions:
    """What an operator may choose. The defaults are those of the drill."""

    prefix: str = "ls"
    replication: bool = True
    ha2: str = "af_xdp"          # Or af_packet.
    ha2_links: int = 1           # 1 or 2.
    workers: int = 1
    sessions: int = 131072       # Capacity of the session table.
    heartbeat_ms: int = 10
    commit_before_forward: bool = False  # In every rule, so for all traffic.
    configd: bool = False        # A lockstep-configd per node tells it what to forward by.
    paired: bool = False         # The configds know each other, and synchronise.
    tls_keys: bool = False       # They write the keys of HA1 to NODE/ha1.keys, for captures.
    debug: bool = False          # Test commands, and the keys of HA2 in a file; see nodefile.py.
    programs: dict = field(default_factory=dict)  # Name → path; see process.find_programs().

    @property
    def folder(self):
        """Everything this lab keeps on disk."""
        return ROOT / self.prefix

    def namespace(self, role):
        """Name of the network namespace of a role."""
        return f"{self.prefix}-{role}"

    def node_folder(self, name):
        """A node's own folder; inside the node it is /run/lockstep/NAME."""
        return self.folder / name
