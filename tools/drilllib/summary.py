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
    return {
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


def rows_of(run):
    """(label, value, remark) of one run with replication."""
    tcp, udp, pair = run.tcp, run.udp, run.pair
    classes = ", ".join(f"{name} {alive}/{opened}"
                        for name, (alive, opened) in sorted(tcp.by_class.items()))
    return (
        ("TCP survived", f"{tcp.survived} of {tcp.opened}", classes),
        ("TCP resets, corrupt bytes", f"{tcp.resets}, {tcp.corrupt}", ""),
        ("SYNs of old flows", f"{tcp.reconnected}", "captured on the client's wire"),
        ("TCP young (apart)", f"{tcp.young}", f"{tcp.young_survived} live on"),
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
    )


def control_rows(control):
    """(label, value, remark) of the control run."""
    tcp = control.tcp
    return (
        ("control: TCP survived", f"{tcp.survived} of {tcp.opened}", "replication off: must die"),
        ("control: opened afterwards", f"{tcp.new_passed} of {tcp.new_opened}", "must pass"),
        ("control: refused mid-stream", f"{control.pair.refused_midstream} packets",
         "must explain the deaths"),
    )


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
            f"  udp lost {run.udp.lost}  detect {run.pair.detect_ms:.1f} ms"
            f"  takeover {run.pair.takeover_ms:.2f} ms  outage {run.outage_ms_max:.1f} ms"
            f"  stall {run.tcp.stall_ms_max:.0f} ms")
