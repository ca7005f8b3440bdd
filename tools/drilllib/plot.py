# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Draws what arrived at the client around the kill, as an SVG of two panels."""

from dataclasses import dataclass

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM, GAP = 84, 28, 96, 64, 50
BEFORE_S, AFTER_S = 0.5, 2.0
TICKS_Y = 4
USUAL_SHARE, HEADROOM = 0.97, 1.35  # A burst may leave the panel, not flatten it.
OUTAGE_PAD_S = 0.004         # A shade thinner than this cannot be seen.

INK, FAINT, GRID = "#1f2933", "#616e7c", "#e4e7eb"
KILL, SHADE = "#c81e1e", "#fde3e3"
FONT = "font-family=\"Inter, 'Helvetica Neue', Arial, sans-serif\""


@dataclass(frozen=True)
class Panel:
    """One curve: values per second at times relative to the kill, in seconds."""

    title: str
    unit: str
    colour: str
    points: list


def panels_of(run):
    """TCP goodput and UDP echoes of a run, in the window around the kill."""
    samples, period_ns = run.samples, run.samples["period_ns"]

    def points(name, per_second):
        found = []
        for index, value in enumerate(samples[name]):
            at_s = (samples["start_ns"] + index * period_ns - run.kill_ns) / 1e9
            if -BEFORE_S <= at_s < AFTER_S:
                found.append((at_s, value * per_second))
        return found

    scale = 1e9 / period_ns
    return (Panel("TCP, checked bytes echoed", "Mbit/s", "#1d6fa5",
                  points("tcp_bytes", scale * 8 / 1e6)),
            Panel("UDP, checked datagrams echoed", "kpps", "#2f855a",
                  points("udp_echoes", scale / 1e3)))


def nice_ceiling(value):
    """Smallest 1, 2, 2.5 or 5 times a power of ten that is not below `value`."""
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value > 0:
        power /= 10
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= value:
            return factor * power
    return 10 * power


def number_text(value):
    """"2.5", "0.25", "10"."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def text(x, y, words, size=13, colour=INK, anchor="start", weight="normal", more=""):
    """One <text> element."""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
            f'text-anchor="{anchor}" font-weight="{weight}" {more}>{words}</text>')


def limit_of(values):
    """Top of a panel: what most of its values need."""
    usual = sorted(values)[int(len(values) * USUAL_SHARE)] if values else 0.0
    return nice_ceiling(max(usual, 0.001) * HEADROOM)


def x_of(at_s):
    """Horizontal place of a time."""
    return LEFT + (at_s + BEFORE_S) / (BEFORE_S + AFTER_S) * (WIDTH - LEFT - RIGHT)


def draw_panel(panel, top, height, outage_s):
    """Elements of one panel."""
    values = [value for _, value in panel.points]
    limit = limit_of(values)

    def y_of(value):
        return top + height - min(value / limit, 1.0) * height

    right = WIDTH - RIGHT
    shade_s = max(outage_s, OUTAGE_PAD_S)
    found = [f'<rect x="{x_of(0):.1f}" y="{top}" width="{x_of(shade_s) - x_of(0):.1f}" '
             f'height="{height}" fill="{SHADE}"/>']
    for tick in range(TICKS_Y + 1):
        value = limit * tick / TICKS_Y
        found.append(f'<line x1="{LEFT}" x2="{right}" y1="{y_of(value):.1f}" '
                     f'y2="{y_of(value):.1f}" stroke="{GRID}"/>')
        found.append(text(LEFT - 10, y_of(value) + 4, number_text(value), 12, FAINT, "end"))
    found.append(text(24, top + height / 2, panel.unit, 13, FAINT, "middle", "normal",
                      f'transform="rotate(-90 24 {top + height / 2:.1f})"'))
    found.append(text(LEFT, top - 10, panel.title, 14, panel.colour, weight="600"))
    if max(values, default=0.0) > limit:
        peak_s, peak = max(panel.points, key=lambda point: point[1])
        found.append(text(right, top - 10, f"peak {peak:.0f} at {peak_s:+.2f} s, cut off here", 12,
                          FAINT, "end"))
    line = " ".join(f"{x_of(at_s):.1f},{y_of(value):.1f}" for at_s, value in panel.points)
    if panel.points:
        first, final = x_of(panel.points[0][0]), x_of(panel.points[-1][0])
        base = top + height
        found.append(f'<polygon points="{first:.1f},{base} {line} {final:.1f},{base}" '
                     f'fill="{panel.colour}" fill-opacity="0.12"/>')
        found.append(f'<polyline points="{line}" fill="none" stroke="{panel.colour}" '
                     'stroke-width="1.5" stroke-linejoin="round"/>')
    found.append(f'<line x1="{x_of(0):.1f}" x2="{x_of(0):.1f}" y1="{top - 4}" y2="{top + height}" '
                 f'stroke="{KILL}" stroke-width="1.5" stroke-dasharray="5 3"/>')
    return found


def draw_time_axis(base):
    """Labels under the lower panel."""
    found = []
    for quarter in range(int(-BEFORE_S * 4), int(AFTER_S * 4) + 1):
        at_s = quarter / 4
        x = x_of(at_s)
        found.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{base}" y2="{base + 5}" '
                     f'stroke="{FAINT}"/>')
        sign = "+" if at_s > 0 else "−" if at_s < 0 else ""
        found.append(text(x, base + 21, f"{sign}{number_text(abs(at_s))}", 12, FAINT, "middle"))
    found.append(text((LEFT + WIDTH - RIGHT) / 2, base + 46, "seconds since the kill", 13, FAINT,
                      "middle"))
    return found


def svg_of(run):
    """The whole picture as text."""
    height = (HEIGHT - TOP - BOTTOM - GAP) // 2
    outage_s = run.outage_ms_max / 1e3
    title = (f"The active node is killed: {run.tcp.survived} of {run.tcp.opened} TCP connections "
             "live on")
    if not run.replication:
        title = f"Control, no replication: {run.tcp.survived} of {run.tcp.opened} live on"
    detail = (f"UDP outage at most {run.outage_ms_max:.1f} ms, longest TCP stall "
              f"{run.tcp.stall_ms_max:.0f} ms, detected after {run.pair.detect_ms:.1f} ms")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" {FONT} role="img">',
             f"<title>{title}</title>",
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
             text(LEFT, 28, title, 17, INK, weight="600"),
             text(LEFT, 48, detail, 13, FAINT)]
    tops = (TOP, TOP + height + GAP)
    for panel, top in zip(panels_of(run), tops):
        parts += draw_panel(panel, top, height, outage_s)
    label = f"SIGKILL · outage {run.outage_ms_max:.1f} ms"
    parts.append(text(x_of(max(outage_s, 0.03)) + 10, TOP + 16, label, 12, KILL, weight="600"))
    parts += draw_time_axis(tops[1] + height)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
