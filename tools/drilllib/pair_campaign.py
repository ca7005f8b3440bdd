# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Kills between prepare and apply: one of a pair that commits as fast as it can, or both, get
SIGKILL at a random moment of a commit, again and again.

After each kill, before the nodes have spoken again: what each one runs is one whole commit, at the
sender the last acknowledged or the one in flight. Afterwards they come together by themselves, and
both run what the sender acknowledged last."""

import json
import random
import statistics
import time
from dataclasses import dataclass, field

from lablib.configd import SOCKET
from lablib.ring import Ring
from lablib.shell import LabError

from .crash_campaign import CommitLoop
from .crash_judge import CrashLedger, expected_marks, first_difference, marks_of, number_in
from .pair_steps import wait_until_equal

COMMITS_BEFORE_MAX = 3   # Commits that a cycle lets through before the kill.
COMMITS_BEHIND = 2       # Commits while the killed receiver is away.
START_TIMEOUT_MS = 20_000
# Who is killed; the sender is a.
VICTIMS = (("b",), ("b",), ("b",), ("a",), ("a", "b"))
OWN_MARK = "host-name"   # Of the node itself: it does not travel.


@dataclass
class PairCampaign:
    """What a campaign has done so far."""

    ledger: CrashLedger
    kills: int = 0
    kills_in_flight: int = 0      # With a commit in flight.
    sender_ahead: int = 0         # Of them: the receiver did not have the commit afterwards.
    landed_both: int = 0          # Of them: it did.
    recovery_s: list = field(default_factory=list)

    def recovery_s_median(self):
        """0 for none."""
        return statistics.median(self.recovery_s) if self.recovery_s else 0.0

    def kills_text(self):
        """For the table."""
        return (f"{self.kills_in_flight} with a commit in flight, which {self.landed_both} times "
                f"both had afterwards, {self.sender_ahead} times only the sender, else neither")


class PairKills:
    """Runs `kills` cycles on one pair."""

    def __init__(self, prefix, programs, seed, tally, say):
        self._prefix = prefix
        self._programs = programs
        self._random = random.Random(seed)
        self._tally = tally
        self._say = say
        self._loops = {}
        self._next_number = 1
        self._commit_s = 0.05
        self._receiver_number = 0
        self.found = PairCampaign(CrashLedger())

    def run(self, kills):
        """Returns the PairCampaign."""
        with Ring(self._prefix, self._programs) as ring:
            ring.paired()
            wait_until_equal(ring.config.values(), self._tally)
            self._loops = {name: CommitLoop(self._programs["lockstep-commits"],
                                            ring.node_folder(name) / SOCKET)
                           for name in ring.names}
            try:
                while self.found.kills < kills and not self.found.ledger.faults:
                    self._cycle(ring)
                    self._say(f"kills: {self.found.kills} of {kills}, "
                              f"{self.found.ledger.commits} commits, "
                              f"{self.found.kills_in_flight} in flight", passing=True)
                for name in ring.names:
                    self._verify(name)
            finally:
                for loop in self._loops.values():
                    loop.end()
        self._tally.commits += self.found.ledger.commits
        self._tally.torn += self.found.ledger.torn
        self._tally.lost += self.found.ledger.lost + self.found.ledger.other
        return self.found

    # --- One cycle -------------------------------------------------------------------------------

    def _cycle(self, ring):
        ledger, victims = self.found.ledger, self._random.choice(VICTIMS)
        acknowledged_before = ledger.commits
        in_flight = self._commit_until_killed(ring, victims)
        self.found.kills += 1
        self.found.kills_in_flight += bool(in_flight)
        if "a" not in victims and self._random.random() < 0.5:
            self._commit_some(COMMITS_BEHIND)
        started = time.monotonic()
        if victims == ("a", "b"):  # Each alone: what it has kept, before the other can tell it.
            self._start_alone(ring, "b")
            ring.kill("b")
            ring.start("a")
            self._judge_sender()
            ring.start("b")
        elif victims == ("a",):
            ring.start("a")
            self._judge_sender()
        else:
            self._start_alone(ring, "b")
        self._judge_receiver_whole()
        self._count(in_flight)
        wait_until_equal(ring.config.values(), self._tally)
        self.found.recovery_s.append(time.monotonic() - started)
        self._judge_both()
        self._tally.applied_both += ledger.commits - acknowledged_before

    def _count(self, in_flight):
        """Where the commit is that was in flight."""
        ledger = self.found.ledger
        if self._receiver_number > ledger.last.number:
            ledger.other.append(f"after kill {self.found.kills} the receiver has commit "
                                f"{self._receiver_number}, the sender {ledger.last.number}")
        if in_flight and in_flight <= ledger.last.number:
            self.found.landed_both += self._receiver_number >= in_flight
            self.found.sender_ahead += self._receiver_number < in_flight

    def _start_alone(self, ring, name):
        """Starts a receiver with its wire cut, looks at what it has kept, and heals the wire."""
        ring.cut(name)
        ring.start(name)
        self._judge_receiver_whole()
        ring.heal(name)

    def _commit_until_killed(self, ring, victims):
        """Lets some commits through and kills at a random moment of the next one. Returns whether
        one was in flight."""
        ledger, loop = self.found.ledger, self._loops["a"]
        left = count = self._random.randint(1, 1 + COMMITS_BEFORE_MAX)
        loop.say(f"go {self._next_number} {count}")
        kill_at, in_flight, killed = None, 0, False
        while left:
            line = loop.answer_within(kill_at - time.monotonic()) if kill_at else loop.answer()
            if line is None:
                in_flight, kill_at, killed = ledger.in_flight, None, True
                self._kill(ring, victims)
                continue
            at, message = line
            if message["type"] == "begin":
                ledger.begin(message["number"])
                begun_at = at
                if left == 1:
                    kill_at = at + self._random.uniform(0.0, 1.3 * self._commit_s)
            elif message["type"] == "done":
                left -= 1
                if not killed:
                    self._commit_s = 0.8 * self._commit_s + 0.2 * (at - begun_at)
                ledger.done(message["number"], message["revision"], message["hash"])
                self._next_number = message["number"] + 1
            elif message["type"] == "broken":
                break
            else:
                ledger.refused(message["number"], message["refusal"])
                break
        if not killed:  # The answer was faster: killed just behind it.
            self._kill(ring, victims)
        return in_flight

    def _kill(self, ring, victims):
        for name in victims:
            ring.kill(name)

    def _commit_some(self, count):
        """Commits at the sender while the receiver is dead: they are acknowledged as pending."""
        loop, ledger = self._loops["a"], self.found.ledger
        loop.say(f"go {self._next_number} {count}")
        while count:
            _, message = loop.answer()
            if message["type"] == "begin":
                ledger.begin(message["number"])
            elif message["type"] == "done":
                ledger.done(message["number"], message["revision"], message["hash"])
                self._next_number = message["number"] + 1
                count -= 1
            else:
                raise LabError(f"commit {message['number']} without the peer: "
                               f"{message['refusal'] or 'no answer'}")

    # --- Judgement -------------------------------------------------------------------------------

    def _look(self, name):
        self._loops[name].say(f"look {START_TIMEOUT_MS}")
        _, message = self._loops[name].answer()
        if message["type"] != "state":
            raise LabError(f"configd {name} does not answer after kill {self.found.kills}")
        return message, json.loads(message["text"] or "{}")

    def _judge_sender(self):
        message, config = self._look("a")
        self.found.ledger.found(message["revision"], message["hash"], config)
        self._next_number = self.found.ledger.last.number + 1

    def _judge_receiver_whole(self):
        """The receiver has one whole commit, not older than what it had and not one that nobody
        began."""
        ledger, (_, config) = self.found.ledger, self._look("b")
        marks = common(marks_of(config))
        number = number_in(marks, 0)
        expected = common(expected_marks(number))
        if marks != expected:
            ledger.torn.append(f"after kill {self.found.kills} the receiver's commit {number} is "
                               f"not whole: {first_difference(marks, expected)}")
        if number < self._receiver_number:
            ledger.lost.append(f"after kill {self.found.kills} the receiver has commit {number}, "
                               f"it had {self._receiver_number}")
        if number > max(ledger.last.number, ledger.in_flight):
            ledger.other.append(f"the receiver has commit {number}, which nobody began")
        self._receiver_number = number

    def _judge_both(self):
        """In sync means: both have what the sender acknowledged last."""
        ledger = self.found.ledger
        expected = common(expected_marks(ledger.last.number))
        for name in ("a", "b"):
            marks = common(marks_of(self._look(name)[1]))
            if marks != expected:
                ledger.lost.append(f"in sync after kill {self.found.kills}, but node {name} does "
                                   f"not have commit {ledger.last.number}: "
                                   f"{first_difference(marks, expected)}")
        self._receiver_number = ledger.last.number

    def _verify(self, name):
        self._loops[name].say("verify")
        _, message = self._loops[name].answer()
        if message["type"] != "verified" or message["text"]:
            self.found.ledger.failed(f"the store of {name} is faulty: "
                                     f"{message['text'] or message['refusal']}")


def common(marks):
    """What travels."""
    return {place: value for place, value in marks.items() if place != OWN_MARK}
