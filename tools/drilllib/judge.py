# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Turns the reports of both endpoints and the capture into an outcome. Pure functions."""

import errno
import os

from .outcome import RunOutcome, TcpOutcome, UdpOutcome

MILLI = 1_000_000
SECOND = 1_000_000_000
YOUNG_NS = 10 * MILLI        # An echo that much before the kill makes a connection an old one.
NEW_AFTER_NS = SECOND        # Connections opened that much later must simply pass.
TCP_ESTABLISHED = 1
FAST_RATE_HZ = 1000


def judge(kill_ns, client, server, syns):
    """Outcome of one run. `client` and `server` are reports, `syns` a list of capture.Syn."""
    outcome = RunOutcome(kill_ns=kill_ns, samples=client["samples"])
    outcome.tcp = judge_tcp(kill_ns, client, syns)
    outcome.tcp.corrupt += server["corrupt_bytes"]
    outcome.udp = judge_udp(kill_ns, client["udp"])
    outcome.udp.corrupt += server["datagrams_corrupt"]
    return outcome


def ended_ns(flow):
    """When a TCP flow ended, 0 if it did not."""
    return flow["closed_ns"] or flow["failed_ns"]


def is_open_at(flow, at_ns):
    """Whether the client had begun to connect and not seen the end."""
    return 0 < flow["opening_ns"] < at_ns and not 0 < ended_ns(flow) <= at_ns


def is_old_at(flow, at_ns):
    """Whether a byte had come back early enough to expect survival."""
    return 0 < flow["first_echo_ns"] <= at_ns - YOUNG_NS


def death_of(flow, kill_ns):
    """Why an old flow did not survive, "" if it did.

    It survived if it was closed by both ends in order later, or is still the same established
    socket and has echoed its last words after the kill."""
    if flow["corrupt_bytes"]:
        return "corrupt"
    if flow["failed_ns"]:
        return os.strerror(flow["errno"]) if flow["errno"] else "closed by the server"
    if flow["closed_ns"]:
        return ""
    if flow["inode_now"] != flow["inode"]:
        return "another socket"
    if not flow["settled"] or flow["last_echo_ns"] <= kill_ns:
        return "no echo"
    return "" if flow["state_now"] == TCP_ESTABLISHED else "not established"


def judge_tcp(kill_ns, client, syns):
    """TCP part of the outcome."""
    found = TcpOutcome()
    old_by_tuple = {}
    for flow in client["tcp"]:
        found.corrupt += flow["corrupt_bytes"]
        if not is_open_at(flow, kill_ns):
            continue
        death = death_of(flow, kill_ns)
        if not is_old_at(flow, kill_ns):
            found.young += 1
            found.young_survived += not death
            if death:
                found.young_deaths[death] = found.young_deaths.get(death, 0) + 1
            continue
        old_by_tuple[flow["local_port"], flow["server"], flow["server_port"]] = flow
        row = found.by_class.setdefault(flow["class"], [0, 0])
        row[0] += not death
        row[1] += 1
        found.opened += 1
        found.survived += not death
        found.resets += flow["errno"] in (errno.ECONNRESET, errno.EPIPE)
        found.other_socket += death == "another socket"
        found.stall_ms_max = max(found.stall_ms_max, stall_ms(flow, kill_ns, client["now_ns"]))
        if death:
            found.deaths[death] = found.deaths.get(death, 0) + 1
    found.reconnected = sum(1 for syn in syns if is_reconnect(syn, kill_ns, old_by_tuple))
    judge_new_connections(found, kill_ns, client)
    found.setup_ms = [(flow["established_ns"] - flow["opening_ns"]) / MILLI
                      for flow in client["tcp"] if 0 < flow["established_ns"] < kill_ns]
    found.mbit_s = mbit_s_before(kill_ns, client["samples"])
    return found


def mbit_s_before(kill_ns, samples):
    """TCP bytes echoed in the second before the kill."""
    period_ns = samples["period_ns"]
    last = (kill_ns - samples["start_ns"]) // period_ns
    second = samples["tcp_bytes"][max(0, last - SECOND // period_ns):max(0, last)]
    return sum(second) * 8 * (SECOND / period_ns) / len(second) / 1e6 if second else 0.0


def stall_ms(flow, kill_ns, now_ns):
    """Longest wait for an echo that ended after the kill, or has not ended."""
    spans = [end - start for start, end in flow["stalls_ns"] if end > kill_ns]
    if flow["waiting_since_ns"]:
        spans.append((ended_ns(flow) or now_ns) - flow["waiting_since_ns"])
    return max(spans, default=0) / MILLI


def is_reconnect(syn, kill_ns, old_by_tuple):
    """Whether this SYN belongs to a flow that was open before and has not ended since."""
    flow = old_by_tuple.get((syn.source_port, syn.destination, syn.destination_port))
    if flow is None or syn.at_ns <= kill_ns:
        return False
    return ended_ns(flow) == 0 or syn.at_ns < ended_ns(flow)


def judge_new_connections(found, kill_ns, client):
    """Connections opened after the takeover, early enough to have had their echo."""
    until_ns = client["settling_ns"] - SECOND
    for flow in client["tcp"]:
        if kill_ns + NEW_AFTER_NS <= flow["opening_ns"] < until_ns:
            found.new_opened += 1
            found.new_passed += bool(flow["first_echo_ns"]) and not flow["failed_ns"]


def judge_udp(kill_ns, flows):
    """UDP part of the outcome."""
    found = UdpOutcome()
    for flow in flows:
        found.corrupt += flow["corrupt"]
        found.datagrams_lost += flow["sent"] - flow["echoed"]
        found.client_late_ms_max = max(
            found.client_late_ms_max,
            (flow["send_gap_ns_max"] - SECOND // flow["rate_hz"]) / MILLI)
        if not 0 < flow["first_echo_ns"] <= kill_ns - YOUNG_NS:
            continue
        found.flows += 1
        is_silent = flow["last_echo_ns"] < flow["last_sent_ns"] - SECOND
        found.lost += bool(is_silent or flow["source_changed"] or flow["corrupt"])
        if flow["rate_hz"] == FAST_RATE_HZ:
            found.outages_ms.append(outage_ms(flow, kill_ns))
    return found


def outage_ms(flow, kill_ns):
    """Longest time between two echoes that ended after the kill, or has not ended."""
    spans = [end - start for start, end in flow["gaps_ns"] if end > kill_ns]
    spans.append(flow["last_sent_ns"] - flow["last_echo_ns"])
    return max(spans) / MILLI
