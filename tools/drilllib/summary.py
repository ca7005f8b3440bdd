# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The table at the end of a drill, and the same figures as JSON."""

import statistics

from . import verdict


def percentile_50(values):
    """Median, 0 for none."""
    return statistics.median(values) if values else 0.0


def as_json(drill, runs, control, passed):
    """One object over all runs: counts are sums, times are maxima, the median is over all flows."""
    outages = [outage for run in runs for outage in run.udp.outages_ms]
    last = runs[-1].pair
    figures = {
        "drill": drill,
        "tcp": {name: sum(getattr(run.tcp, name) for run in runs)
                for name in ("opened", "survived", "resets", "corrupt", "young")},
        "udp": {name: sum(getattr(run.udp, name) for run in runs) for name in ("flows", "lost")},
        "sessions": {"active": last.sessions_active, "standby": last.sessions_standby},
        "readiness": last.readiness,
        "exposure": {"changes": max(run.pair.exposure_changes for run in runs),
                     "age_us": max(run.pair.exposure_age_us for run in runs)},
        "detect_ms": round(max(run.pair.detect_ms for run in runs), 3),
        "takeover_ms": round(max(run.pair.takeover_ms for run in runs), 3),
        "outage_ms": {"p50": round(percentile_50(outages), 3),
                      "max": round(max(outages, default=0.0), 3)},
        "tcp_stall_ms": {"max": round(max(run.tcp.stall_ms_max for run in runs), 3)},
        "control": None if control is None else {
            "tcp_survived": control.tcp.survived,
            "new_connections_pass": control.new_connections_pass},
        "verdict": "pass" if passed else "fail",
    }
    if runs[-1].commit_before_forward:
        figures["commit_before_forward"] = commit_json(runs, control)
    return figures


def commit_json(runs, control):
    """What commit-before-forward saved and what it cost. Counts are sums over the runs."""
    setup = [ms for run in runs for ms in run.tcp.setup_ms]
    counters = {name: sum(run.pair.commit.get(name, 0) for run in runs)
                for name in sorted(runs[-1].pair.commit)}
    return {
        "young": sum(run.tcp.young for run in runs),
        "young_survived": sum(run.tcp.young_survived for run in runs),
        "setup_ms": {"p50": round(percentile_50(setup), 3), "max": round(max(setup, default=0), 3)},
        "setup_ms_control": None if control is None else {
            "p50": round(percentile_50(control.tcp.setup_ms), 3),
            "max": round(max(control.tcp.setup_ms, default=0), 3)},
        "tcp_mbit_s": round(percentile_50([run.tcp.mbit_s for run in runs]), 3),
        "counters": counters,
    }


def rows_of(run):
    """(label, value, remark) of one run with replication."""
    tcp, udp, pair = run.tcp, run.udp, run.pair
    classes = ", ".join(f"{name} {alive}/{opened}"
                        for name, (alive, opened) in sorted(tcp.by_class.items()))
    return (
        ("TCP survived", f"{tcp.survived} of {tcp.opened}", classes),
        ("TCP resets, corrupt bytes", f"{tcp.resets}, {tcp.corrupt}", ""),
        ("SYNs of old flows", f"{tcp.reconnected}", "captured on the client's wire"),
        young_row(run),
        ("TCP opened afterwards", f"{tcp.new_passed} of {tcp.new_opened}", ""),
        ("UDP flows lost", f"{udp.lost} of {udp.flows}", f"{udp.datagrams_lost} datagrams missing"),
        ("sessions", f"{pair.sessions_active} active", f"{pair.sessions_standby} standby"),
        ("readiness, exposure", pair.readiness,
         f"{pair.exposure_changes} changes, {pair.exposure_age_us} us old"),
        ("detected after", f"{pair.detect_ms:.1f} ms", f"by {pair.detected_by}"),
        ("takeover work", f"{pair.takeover_ms:.2f} ms", f"at most {verdict.TAKEOVER_MS_MAX:.0f}"),
        ("outage, UDP at 1 kpps",
         f"{percentile_50(udp.outages_ms):.1f} ms, max {run.outage_ms_max:.1f}",
         f"at most {verdict.OUTAGE_MS_MAX:.0f}; sender itself late by "
         f"{udp.client_late_ms_max:.1f} ms"),
        ("TCP stall", f"max {tcp.stall_ms_max:.0f} ms", f"at most {verdict.STALL_MS_MAX:.0f}"),
    ) + (commit_rows(run) if run.commit_before_forward else ())


def young_row(run):
    """Young connections count only with commit-before-forward."""
    tcp = run.tcp
    if run.commit_before_forward and run.replication:
        return ("TCP young survived", f"{tcp.young_survived} of {tcp.young}",
                "commit-before-forward: must live on")
    return ("TCP young (apart)", f"{tcp.young}", f"{tcp.young_survived} live on")


def setup_text(run):
    """Median and longest connection set-up before the kill."""
    setup = run.tcp.setup_ms
    return f"{percentile_50(setup):.2f} ms, max {max(setup, default=0):.1f}"


def commit_rows(run):
    """(label, value, remark) of what commit-before-forward did before the kill."""
    commit = run.pair.commit
    unconfirmed = sum(commit.get(name, 0) for name in verdict.UNCONFIRMED)
    wait_us = commit.get("held_wait_us", 0) / max(commit.get("held", 0), 1)
    return (
        ("first packets held", f"{commit.get('held', 0)}",
         f"{commit.get('held_confirmed', 0)} confirmed after {wait_us:.0f} us on average; "
         f"{unconfirmed} left unconfirmed"),
        ("TCP set-up", setup_text(run), f"{len(run.tcp.setup_ms)} connections; "
         f"{run.tcp.mbit_s:.1f} Mbit/s echoed"),
    )


def control_rows(control):
    """(label, value, remark) of the control run."""
    tcp = control.tcp
    rows = (
        ("control: TCP survived", f"{tcp.survived} of {tcp.opened}", "replication off: must die"),
        ("control: opened afterwards", f"{tcp.new_passed} of {tcp.new_opened}", "must pass"),
        ("control: refused mid-stream", f"{control.pair.refused_midstream} packets",
         "must explain the deaths"),
    )
    if control.commit_before_forward:
        rows += (("control: TCP set-up", setup_text(control), "nothing is held without a peer; "
                  f"{control.tcp.mbit_s:.1f} Mbit/s echoed"),)
    return rows


def table(rows):
    """Lines of text, columns aligned."""
    label_width = max(len(label) for label, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    return [f"  {label:<{label_width}}  {value:>{value_width}}  {remark}".rstrip()
            for label, value, remark in rows]


def run_line(number, run, lost):
    """One line per run of a series."""
    state = "pass" if not lost else "FAIL"
    return (f"run {number:>2}  seed {run.seed:<10} {state}  tcp {run.tcp.survived}/{run.tcp.opened}"
            f"  young {run.tcp.young_survived}/{run.tcp.young}  udp lost {run.udp.lost}"
            f"  detect {run.pair.detect_ms:.1f} ms"
            f"  takeover {run.pair.takeover_ms:.2f} ms  outage {run.outage_ms_max:.1f} ms"
            f"  stall {run.tcp.stall_ms_max:.0f} ms")
