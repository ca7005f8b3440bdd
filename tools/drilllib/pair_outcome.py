# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What the drill config counts, and what must hold. No process is asked here."""

from dataclasses import dataclass, field

from lablib.pairing import codes_of, name_of


@dataclass
class Tally:
    """Commits and what became of them, over all stories of a drill."""

    commits: int = 0        # Acknowledged.
    applied_both: int = 0   # Of them: acknowledged as applied there, or proven equal later.
    waiting: int = 0        # Of them: not yet proven.
    refused: int = 0        # Commits that a remote refused, as they should be.
    torn: list = field(default_factory=list)   # Sentences.
    lost: list = field(default_factory=list)
    leaks: list = field(default_factory=list)
    reasons: set = field(default_factory=set)

    def committed(self, outcome):
        """Notes the answer to a commit: CommitResponse of admin.proto. Returns its problems."""
        problems = outcome.get("problems", {}).get("list", [])
        remotes = outcome.get("remotes", [])
        self.reasons |= {name_of(row) for remote in remotes for row in remote.get("reasons", [])}
        if problems:
            self.refused += any(remote.get("state") == "refused" for remote in remotes)
        elif outcome.get("committed"):
            self.commits += 1
            states = {remote.get("state") for remote in remotes}
            if "applied" in states and "pending" not in states:
                self.applied_both += 1
            else:
                self.waiting += 1
        return problems

    def proven(self):
        """Both nodes have proven that they are equal: what waited has arrived."""
        self.applied_both += self.waiting
        self.waiting = 0

    def given_up(self, count=None):
        """What waited will never arrive, and should not: it was undone, or overwritten."""
        self.waiting -= self.waiting if count is None else min(count, self.waiting)

    def saw(self, status):
        """Notes the reasons of a SyncStatus."""
        self.reasons |= codes_of(status)


def verdict_of(tally, steps, control_faults):
    """"pass" or "fail"."""
    clean = not (tally.torn or tally.lost or tally.leaks or control_faults)
    return "pass" if clean and not any(step.faults for step in steps) else "fail"


def as_json(tally, steps, control_faults):
    """The object that --json writes: these keys and no others."""
    return {
        "drill": "config",
        "commits": tally.commits,
        "applied_both": tally.applied_both,
        "refused": tally.refused,
        "torn": len(tally.torn),
        "lost": len(tally.lost),
        "secrets_leaked": len(tally.leaks),
        "reasons_seen": sorted(tally.reasons),
        "verdict": verdict_of(tally, steps, control_faults),
    }


def rows_of(tally, steps, campaign, controls):
    """(label, value, remark) for the table at the end."""
    rows = [(step.name, "FAIL" if step.faults else "ok", step.seen) for step in steps]
    if campaign is not None:
        rows += [
            ("kills", str(campaign.kills), campaign.kills_text()),
            ("recovery", f"{campaign.recovery_s_median():.1f} s",
             "from the start of the killed node until both prove equality, median"),
        ]
    rows += [
        ("commits", str(tally.commits), f"{tally.applied_both} on both nodes, "
                                        f"{tally.refused} more refused by a peer"),
        ("torn, lost, leaked", f"{len(tally.torn)}, {len(tally.lost)}, {len(tally.leaks)}",
         "must be 0, 0, 0"),
        ("reasons seen", str(len(tally.reasons)), " ".join(sorted(tally.reasons))),
    ]
    rows += [(f"control: {name}", "seen" if seen else "MISSED", words)
             for name, seen, words in controls]
    return rows
