# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""How much of which traffic a drill sends."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrafficPlan:
    """Counts of flows; the classes are described in tools/traffic/tcp_profile.h."""

    idle: int = 70
    interactive: int = 110
    bulk: int = 24
    short_rate_hz: int = 60
    udp_fast: int = 4
    udp_slow: int = 46

    @property
    def tcp_lasting(self):
        """TCP flows that stay open from beginning to end."""
        return self.idle + self.interactive + self.bulk

    @property
    def udp_flows(self):
        """All UDP flows."""
        return self.udp_fast + self.udp_slow

    def arguments(self, seed):
        """For `lockstep-traffic client`."""
        return ["--seed", seed, "--idle", self.idle, "--interactive", self.interactive,
                "--bulk", self.bulk, "--short-rate", self.short_rate_hz,
                "--udp-fast", self.udp_fast, "--udp-slow", self.udp_slow]
