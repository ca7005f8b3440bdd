# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What must hold after a drill. Every rule that does not is one sentence."""

TAKEOVER_MS_MAX = 5.0
STALL_MS_MAX = 400.0
OUTAGE_MS_MAX = 60.0
OUTAGE_RUNS_PER_MISS = 20        # One run of twenty may be above.
CONTROL_SURVIVAL_MAX = 0.05
TCP_FLOWS_MIN = 200
UDP_FLOWS_MIN = 50
# Counters of first packets that left although the peer had not confirmed their session.
UNCONFIRMED = ("held_late", "held_refused", "unheld_no_peer", "unheld_full")


def losses(run):
    """What was lost in a run that should not be. Empty means the pair did its job."""
    tcp, udp, pair = run.tcp, run.udp, run.pair
    rules = (
        (tcp.opened >= TCP_FLOWS_MIN,
         f"only {tcp.opened} connections were open, {TCP_FLOWS_MIN} are needed"),
        (udp.flows >= UDP_FLOWS_MIN,
         f"only {udp.flows} UDP flows echoed, {UDP_FLOWS_MIN} are needed"),
        (tcp.survived == tcp.opened,
         f"{tcp.opened - tcp.survived} connections died: {causes(tcp)}"),
        (tcp.resets == 0, f"{tcp.resets} connections were reset"),
        (tcp.corrupt == 0, f"{tcp.corrupt} bytes of TCP streams were wrong"),
        (tcp.reconnected == 0, f"{tcp.reconnected} SYNs of old flows after the kill"),
        (udp.lost == 0, f"{udp.lost} UDP flows lost their session or their NAT binding"),
        (udp.corrupt == 0, f"{udp.corrupt} datagrams were wrong"),
        (pair.readiness == "synced",
         f"the standby was \"{pair.readiness}\" at the kill, not synced"),
        (run.new_connections_pass,
         f"{tcp.new_opened - tcp.new_passed} of {tcp.new_opened} new connections failed"),
    )
    if run.commit_before_forward and run.replication:
        rules += commit_rules(run)
    return [sentence for holds, sentence in rules if not holds]


def commit_rules(run):
    """With commit-before-forward no connection is too young to survive, and packets really wait."""
    tcp, commit = run.tcp, run.pair.commit
    return (
        (tcp.young_survived == tcp.young,
         f"{tcp.young - tcp.young_survived} young connections died in spite of "
         f"commit-before-forward: {causes_of(tcp.young_deaths)}"),
        (commit.get("held_confirmed", 0) > 0, "commit-before-forward held nothing"),
    )


def causes(tcp):
    """"3 no echo, 1 Connection reset by peer"."""
    return causes_of(tcp.deaths)


def causes_of(deaths):
    """The same, of cause → count."""
    return ", ".join(f"{count} {cause}" for cause, count in sorted(deaths.items()))


def misses(runs):
    """Figures that were not reached: over all runs, for the outage."""
    found = []
    for run in runs:
        name = f"seed {run.seed}: "
        if run.pair.takeover_ms > TAKEOVER_MS_MAX:
            found.append(f"{name}takeover {run.pair.takeover_ms:.1f} ms > {TAKEOVER_MS_MAX:.0f}")
        if run.tcp.stall_ms_max > STALL_MS_MAX:
            found.append(f"{name}TCP stall {run.tcp.stall_ms_max:.0f} ms > {STALL_MS_MAX:.0f}")
        unconfirmed = sum(run.pair.commit.get(key, 0) for key in UNCONFIRMED)
        if run.replication and unconfirmed:
            found.append(f"{name}{unconfirmed} first packets left unconfirmed")
    above = [run for run in runs if run.outage_ms_max > OUTAGE_MS_MAX]
    if len(above) > len(runs) // OUTAGE_RUNS_PER_MISS:
        worst = max(run.outage_ms_max for run in above)
        found.append(f"outage above {OUTAGE_MS_MAX:.0f} ms in {len(above)} of {len(runs)} runs, "
                     f"at most {worst:.1f} ms")
    return found


def control_faults(control):
    """Why the control run, without replication, proves nothing. Empty means it proves the drill."""
    tcp = control.tcp
    rules = (
        (tcp.opened >= TCP_FLOWS_MIN,
         f"control: only {tcp.opened} connections were open, {TCP_FLOWS_MIN} are needed"),
        (tcp.survived < CONTROL_SURVIVAL_MAX * max(tcp.opened, 1),
         f"control: {tcp.survived} of {tcp.opened} connections survived without replication"),
        (control.new_connections_pass,
         f"control: {tcp.new_opened - tcp.new_passed} of {tcp.new_opened} new connections failed"),
        (control.pair.refused_midstream > 0,
         "control: no mid-stream packet was refused, so something else killed the connections"),
    )
    return [sentence for holds, sentence in rules if not holds]
