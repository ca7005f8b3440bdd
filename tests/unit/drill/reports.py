# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Reports as lockstep-traffic would print them, for tests to change."""

SECOND = 1_000_000_000
MILLI = 1_000_000
KILL_NS = 100 * SECOND
SETTLING_NS = KILL_NS + 5 * SECOND
NOW_NS = SETTLING_NS + SECOND


def tcp_flow(flow_id, **changes):
    """An idle flow that lived from well before the kill to the end."""
    flow = {
        "id": flow_id, "class": "idle", "server": "10.2.0.100", "server_port": 7000,
        "local_port": 30000 + flow_id, "inode": 900 + flow_id, "inode_now": 900 + flow_id,
        "state_now": 1, "settled": True, "opening_ns": KILL_NS - 3 * SECOND,
        "established_ns": KILL_NS - 3 * SECOND + MILLI,
        "first_echo_ns": KILL_NS - 3 * SECOND + 2 * MILLI, "last_echo_ns": NOW_NS - MILLI,
        "closing_ns": 0, "closed_ns": 0, "failed_ns": 0, "errno": 0, "sent_bytes": 100,
        "echoed_bytes": 100, "corrupt_bytes": 0, "waiting_since_ns": 0, "stall_count": 0,
        "stalls_ns": []}
    return flow | changes


def new_flow(flow_id, **changes):
    """A short flow opened two seconds after the kill, which ended well."""
    at_ns = KILL_NS + 2 * SECOND
    return tcp_flow(flow_id, **({
        "class": "short", "opening_ns": at_ns, "established_ns": at_ns + MILLI,
        "first_echo_ns": at_ns + 2 * MILLI, "last_echo_ns": at_ns + SECOND,
        "closed_ns": at_ns + SECOND, "inode_now": 0, "state_now": 0} | changes))


def udp_flow(flow_id, **changes):
    """A flow at 1 kpps with an outage of 30 ms."""
    flow = {
        "id": flow_id, "server": "10.2.0.100", "server_port": 7000, "local_port": 40000 + flow_id,
        "rate_hz": 1000, "sent": 8000, "unsent": 0, "echoed": 7970, "stale": 0, "corrupt": 0,
        "refused": 0, "source_changed": 0, "first_echo_ns": KILL_NS - 3 * SECOND,
        "last_echo_ns": SETTLING_NS - MILLI, "last_sent_ns": SETTLING_NS - MILLI,
        "send_gap_ns_max": 2 * MILLI, "gap_count": 1,
        "gaps_ns": [[KILL_NS - SECOND, KILL_NS - SECOND + 90 * MILLI],
                    [KILL_NS + MILLI, KILL_NS + 31 * MILLI]]}
    return flow | changes


def client_report(tcp=None, udp=None):
    """A report of a run in which nothing was lost."""
    return {
        "type": "report", "now_ns": NOW_NS, "settling_ns": SETTLING_NS, "marks": {"kill": KILL_NS},
        "tcp": tcp if tcp is not None else [tcp_flow(i) for i in range(200)] + [new_flow(500)],
        "udp": udp if udp is not None else [udp_flow(i) for i in range(50)],
        "samples": {"start_ns": KILL_NS - 3 * SECOND, "period_ns": 10 * MILLI,
                    "tcp_bytes": [50_000] * 900, "udp_echoes": [50] * 900,
                    "connections": [1] * 900}}


SERVER_REPORT = {"type": "report", "corrupt_bytes": 0, "datagrams_corrupt": 0}
