# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What one run found. Judged facts only; summary and plot print them."""

from dataclasses import dataclass, field


@dataclass
class TcpOutcome:
    """Connections open at the kill that had echoed a byte 10 ms before; `young` ones are apart."""

    opened: int = 0
    survived: int = 0
    resets: int = 0
    corrupt: int = 0            # Bytes, at both ends.
    young: int = 0
    young_survived: int = 0
    young_deaths: dict = field(default_factory=dict)  # Cause → count.
    setup_ms: list = field(default_factory=list)   # SYN → established, of those before the kill.
    mbit_s: float = 0.0         # Echoed in the second before the kill.
    reconnected: int = 0        # SYNs of an old flow after the kill.
    other_socket: int = 0       # Flows whose socket has another inode than at first.
    stall_ms_max: float = 0.0
    by_class: dict = field(default_factory=dict)   # Class → [survived, opened].
    deaths: dict = field(default_factory=dict)     # Cause → count.
    new_opened: int = 0         # Opened a second after the kill or later.
    new_passed: int = 0


@dataclass
class UdpOutcome:
    """UDP flows that echoed before the kill."""

    flows: int = 0
    lost: int = 0               # No echo at the end, another source address, or corrupt bytes.
    corrupt: int = 0            # Datagrams, at both ends.
    datagrams_lost: int = 0     # Sent, not echoed.
    outages_ms: list = field(default_factory=list)  # Of each flow at 1 kpps.
    client_late_ms_max: float = 0.0                 # Longest pause of the sender itself.


@dataclass
class PairFacts:
    """What the nodes said of themselves."""

    sessions_active: int = 0
    sessions_standby: int = 0
    readiness: str = ""
    exposure_changes: int = 0
    exposure_age_us: int = 0
    detected_by: str = ""
    detect_ms: float = 0.0      # Kill → the survivor declared its peer dead.
    takeover_ms: float = 0.0    # Declared dead → first burst forwarded as active.
    refused_midstream: int = 0  # TCP packets without a session that the survivor refused.
    commit: dict = field(default_factory=dict)  # Counters of commit-before-forward, by last word.


@dataclass
class RunOutcome:
    """One run: the kill, and what it cost."""

    seed: int = 0
    replication: bool = True
    commit_before_forward: bool = False
    kill_ns: int = 0
    tcp: TcpOutcome = field(default_factory=TcpOutcome)
    udp: UdpOutcome = field(default_factory=UdpOutcome)
    pair: PairFacts = field(default_factory=PairFacts)
    samples: dict = field(default_factory=dict)     # As in the client's report.

    @property
    def outage_ms_max(self):
        """Of the UDP flows at 1 kpps."""
        return max(self.udp.outages_ms, default=0.0)

    @property
    def new_connections_pass(self):
        """Every connection opened after the takeover got its echo."""
        return self.tcp.new_opened > 0 and self.tcp.new_passed == self.tcp.new_opened
