# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What the drill config-local found, and what must hold. Judged facts only: no process is asked
here."""

from dataclasses import dataclass, field

SWAPPED_RULES = 1_000
FLOW_RATE_HZ = 10_000
FLOW_SENT_MIN = 20_000         # Fewer datagrams prove nothing.
ENDED_TOLERANCE = 2            # Sessions that come or go between a plan and its commit.
REACTION_S_MAX = 5.0           # Until traffic shows a commit.
FOLLOW_S_MAX = 15.0            # Until a restarted dataplane has its revision again.


@dataclass
class Step:
    """One part of the story: what was seen, and every rule that did not hold, as a sentence."""

    name: str
    seen: str = ""
    faults: list = field(default_factory=list)

    def need(self, holds, sentence):
        """Notes a rule."""
        if not holds:
            self.faults.append(sentence)
        return holds


@dataclass
class FlowCount:
    """What became of the datagrams of one UDP flow."""

    sent: int
    echoed: int
    stale: int      # Came late, behind another one: not lost.
    unsent: int     # The sender itself had no time for them.
    corrupt: int
    gap_ms_max: float

    @classmethod
    def of(cls, flow):
        """From a flow of lockstep-traffic's report."""
        gaps = [end - start for start, end in flow["gaps_ns"]]
        return cls(sent=flow["sent"], echoed=flow["echoed"], stale=flow["stale"],
                   unsent=flow["unsent"], corrupt=flow["corrupt"],
                   gap_ms_max=max(gaps, default=0) / 1e6)

    @property
    def lost(self):
        """Datagrams that never came back whole."""
        return self.sent - self.echoed - self.stale


def judge_swap(step, flow, swaps, attempt=1):
    """A swap of many rules may not cost a datagram."""
    step.seen = (f"{swaps} swaps of {SWAPPED_RULES} rules, {flow.sent} datagrams at "
                 f"{FLOW_RATE_HZ / 1000:.0f} kpps, {flow.lost} lost, "
                 f"longest gap {flow.gap_ms_max:.1f} ms"
                 + (f", attempt {attempt}" if attempt > 1 else ""))
    step.need(flow.sent >= FLOW_SENT_MIN, f"only {flow.sent} datagrams were sent, "
                                          f"{FLOW_SENT_MIN} are needed")
    step.need(flow.lost == 0, f"{flow.lost} of {flow.sent} datagrams were lost")
    step.need(flow.corrupt == 0, f"{flow.corrupt} datagrams were wrong")


def judge_deny(step, planned_ended, outcome_ended, left, wanted):
    """A rule that denies ends the sessions that the plan named, and no others."""
    step.seen = (f"plan said {planned_ended} of {wanted} sessions end, {outcome_ended} ended, "
                 f"{left} left")
    step.need(abs(planned_ended - wanted) <= ENDED_TOLERANCE,
              f"the plan said {planned_ended} sessions end, {wanted} would be right")
    step.need(abs(planned_ended - outcome_ended) <= ENDED_TOLERANCE,
              f"the plan said {planned_ended} sessions end, the commit ended {outcome_ended}")
    step.need(left == 0, f"{left} sessions of the denied service are left")


def totals(steps, campaign):
    """What the JSON object says."""
    faults = [f"{step.name}: {fault}" for step in steps for fault in step.faults]
    torn = lost = kills = commits = 0
    if campaign is not None:
        ledger = campaign.ledger
        faults += ledger.faults
        torn, lost, kills = len(ledger.torn), len(ledger.lost), campaign.kills
        commits = ledger.commits
    return {"torn": torn, "lost": lost, "kills": kills, "campaign_commits": commits,
            "faults": faults}


def as_json(steps, campaign, story_commits, control_faults, seed):
    """The object that --json writes. The first six keys are promised; the rest explains them."""
    found = totals(steps, campaign)
    return {
        "drill": "config-local",
        "commits": found["campaign_commits"] + story_commits,
        "torn": found["torn"],
        "lost": found["lost"],
        "kills": found["kills"],
        "verdict": "pass" if not found["faults"] and not control_faults else "fail",
        "seed": seed,
        "steps": {step.name: {"seen": step.seen, "faults": step.faults} for step in steps},
        "campaign": None if campaign is None else campaign_json(campaign),
        "control_faults": control_faults,
        "faults": found["faults"],
    }


def campaign_json(campaign):
    """Figures of the crash campaign."""
    ledger = campaign.ledger
    return {
        "kills": campaign.kills, "kills_at_start": campaign.kills_at_start,
        "kills_with_a_commit_in_flight": campaign.kills_before_answer,
        "commits": ledger.commits, "in_flight_landed": ledger.landed_unseen,
        "in_flight_undone": ledger.undone_unseen, "stores": campaign.stores,
        "commit_ms_median": median(campaign.commit_ms),
        "start_ms_median": median(campaign.start_ms),
    }


def median(values):
    """0 for none; three digits."""
    ordered = sorted(values)
    return round(ordered[len(ordered) // 2], 3) if ordered else 0.0


def rows_of(steps, campaign, control):
    """(label, value, remark) for the table at the end."""
    rows = [(step.name, "FAIL" if step.faults else "ok", step.seen) for step in steps]
    if campaign is not None:
        ledger = campaign.ledger
        rows += [
            ("kills of configd", str(campaign.kills),
             f"{campaign.kills_before_answer} with a commit in flight, "
             f"{campaign.kills_at_start} at a start"),
            ("commits acknowledged", str(ledger.commits),
             f"{ledger.landed_unseen} more landed unseen, {ledger.undone_unseen} did not"),
            ("torn, lost", f"{len(ledger.torn)}, {len(ledger.lost)}", "must be 0, 0"),
            ("commit, start", f"{median(campaign.commit_ms):.1f} ms",
             f"start to first answer {median(campaign.start_ms):.0f} ms"),
        ]
    rows += [(f"control: {name}", "seen" if seen else "MISSED", words)
             for name, seen, words in control]
    return rows
