# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What every story of the drill config shares: commits that are counted, steps that are told in
order."""

import json
import subprocess
import time

from lablib.control import number
from lablib.pairing import POLL_S, codes_of, remote_of, sync_status
from lablib.shell import LabError

from .config_outcome import Step

CONVERGE_S_MAX = 30.0


def tell(steps, names, tally, say):
    """Tells the steps (methods or functions that take a Step) in order; each has a lab of its own,
    so one that ends early costs the others nothing. Appends to `steps`."""
    for story in names:
        step = Step(story.__name__.replace("_", " "))
        steps.append(step)
        started = time.monotonic()
        try:
            story(step)
        except (LabError, subprocess.TimeoutExpired) as error:
            step.faults.append(f"the story ends here: {error}")
        tally.given_up()
        say(f"{step.name}: {step.seen or '-'} ({time.monotonic() - started:.0f} s)"
            + "".join(f"; FAULT: {fault}" for fault in step.faults))


class Committer:
    """Commits at one node, and counts what becomes of it."""

    def __init__(self, control, tally):
        self.control = control
        self._tally = tally
        self.exit_status = 0  # Of lockstepctl, of the latest commit.

    def set(self, *words):
        """Changes the candidate."""
        self.control.text("config", "set", *words)

    def delete(self, *words):
        """The same."""
        self.control.text("config", "delete", *words)

    def commit(self, comment, *options):
        """Commits the candidate. Returns the outcome, also a refusal."""
        argv = self.control.command("config", "commit", "--comment", comment, *options, "--json")
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
        self.exit_status = done.returncode
        try:
            outcome = json.loads(done.stdout)
        except json.JSONDecodeError:
            raise LabError(f"configd {self.control.name}: commit \"{comment}\": exit "
                           f"{done.returncode}: {done.stderr.strip()[-200:]}") from None
        self._tally.committed(outcome)
        return outcome

    def need_commit(self, comment, *options):
        """The same; raises LabError if it is refused."""
        outcome = self.commit(comment, *options)
        if not outcome.get("committed"):
            first = (outcome.get("problems", {}).get("list") or [{}])[0]
            raise LabError(f"configd {self.control.name}: commit \"{comment}\" is refused: "
                           f"{first.get('code')} {first.get('path')}: {first.get('text')}")
        return outcome

    def change(self, comment, *words, options=()):
        """One value, committed."""
        self.set(*words)
        return self.need_commit(comment, *options)

    def decide(self, verb, *options):
        """`config sync overwrite`, adopt or merge, with the name typed that it asks for. Returns
        its answer, also a refusal."""
        asked = self.control.json("config", "sync", verb, "--preview", *options)
        name = asked.get("must_type") or "nobody"
        return self.control.json("config", "sync", verb, "--confirm", name, *options)

    def difference(self):
        """`config difference`, as a list."""
        return self.control.json("config", "difference", statuses=(0, 1)).get("differences", [])

    def running(self):
        """Revision and hash of what runs."""
        status = self.control.status()
        return number(status, "running"), status.get("running_hash")

    def has(self, text):
        """Whether the running configuration says this."""
        return text in self.control.text("config", "show")


def wait_until_equal(controls, tally, timeout_s=CONVERGE_S_MAX):
    """Waits until each node says "in-sync" of each of its remotes. Returns the seconds it took."""
    started = time.monotonic()
    while True:
        statuses = [sync_status(control) for control in controls]
        for status in statuses:
            tally.saw(status)
        states = [remote.get("state") for status in statuses
                  for remote in status.get("remotes", [{}])]
        if states and all(state == "in-sync" for state in states) and all(statuses):
            tally.proven()
            return time.monotonic() - started
        if time.monotonic() - started > timeout_s:
            names = ", ".join(control.name for control in controls)
            raise LabError(f"{names}: not in sync after {timeout_s:.0f} s: {states}, reasons "
                           f"{[remote_of(status).get('reasons') for status in statuses]}")
        time.sleep(POLL_S)


def wait_for_reason(controls, code, tally, timeout_s=10.0, gone=False):
    """Waits until every node shows a reason (or none shows it any more). Returns the seconds that
    it took for each; raises LabError with what they show instead."""
    started, took = time.monotonic(), {}
    while len(took) < len(controls):
        for control in controls:
            status = sync_status(control)
            tally.saw(status)
            if control.name not in took and is_shown(status, code) != gone and status:
                took[control.name] = time.monotonic() - started
        if len(took) < len(controls) and time.monotonic() - started > timeout_s:
            missing = [control for control in controls if control.name not in took]
            seen = {control.name: sorted(codes_seen(control)) for control in missing}
            raise LabError(f"{code} is {'still' if gone else 'not'} shown after {timeout_s:.0f} s: "
                           f"{seen}")
        time.sleep(POLL_S / 2)
    return took


def codes_seen(control):
    """What a node shows now."""
    return codes_of(sync_status(control))


def is_shown(status, code):
    """Whether a SyncStatus has a reason; a code without subject stands for any subject."""
    return any(seen == code or seen.partition("(")[0] == code for seen in codes_of(status))
