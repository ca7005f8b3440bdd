# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Judges what a store holds after each crash of the campaign. Pure functions and values.

Commit number k writes k in many places (tools/commit_loop/content.cc says where; this module knows
the same from the other side), so that a revision that is not whole shows two numbers."""

from dataclasses import dataclass, field

TURNS = 64  # Entries of an ordered list that commits change in turn.


def expected_marks(number):
    """Place → value after commits 1 … number."""
    if number == 0:
        return {}
    text = str(number)
    host = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}/32"
    marks = {"zone first": text, "zone last": text, "address mark": host, "group marks": text,
             "rule mark": text, "host-name": f"node-{text}"}
    for turn in range(TURNS):
        latest = number - (number - turn) % TURNS
        if latest >= 1:
            marks[f"rule turn-{turn}"] = str(latest)
    return marks


def marks_of(config):
    """The same places as a running configuration (RFC 7951, parsed) has them."""
    marks = {}

    def entries(top, name):
        for module, inner in config.items():
            if module.rpartition(":")[2] == top:
                yield from inner.get(name, [])

    for zone in entries("zones", "zone"):
        marks[f"zone {zone['name']}"] = zone.get("description")
    for address in entries("objects", "address"):
        marks[f"address {address['name']}"] = address.get("prefix")
    for group in entries("objects", "address-group"):
        marks[f"group {group['name']}"] = group.get("description")
    for rule in entries("policy", "rule"):
        marks[f"rule {rule['name']}"] = rule.get("description")
    for module, inner in config.items():
        if module.rpartition(":")[2] == "system" and "host-name" in inner:
            marks["host-name"] = inner["host-name"]
    return marks


def first_difference(found, expected):
    """"zone last is 4, not 5"."""
    for place in sorted(found.keys() | expected.keys()):
        if found.get(place) != expected.get(place):
            return f"{place} is {found.get(place)}, not {expected.get(place)}"
    return ""


@dataclass
class Acknowledged:
    """A commit that the campaign was told of, or found in force after a crash."""

    number: int = 0
    revision: int = 0
    hash: str = ""


@dataclass
class CrashLedger:
    """What was begun and acknowledged so far, and what was found wrong."""

    last: Acknowledged = field(default_factory=Acknowledged)
    in_flight: int = 0        # Number of the commit that has no answer; 0: none.
    commits: int = 0          # Acknowledged.
    landed_unseen: int = 0    # In flight at a crash, and in force afterwards.
    undone_unseen: int = 0    # In flight at a crash, and not in force afterwards.
    torn: list = field(default_factory=list)   # Sentences.
    lost: list = field(default_factory=list)
    other: list = field(default_factory=list)  # Did not start, refused, a damaged page, …

    @property
    def faults(self):
        """All of them."""
        return self.torn + self.lost + self.other

    def begin(self, number):
        """A commit was sent."""
        self.in_flight = number

    def done(self, number, revision, digest):
        """A commit was acknowledged."""
        if revision <= self.last.revision:
            self.other.append(f"commit {number} became revision {revision}, "
                              f"the one before was {self.last.revision}")
        self.commits += 1
        self.last = Acknowledged(number, revision, digest)
        self.in_flight = 0

    def refused(self, number, text):
        """A commit that nothing is wrong with was refused."""
        self.other.append(f"commit {number} was refused: {text}")
        self.in_flight = 0

    def failed(self, sentence):
        """Anything else that must not happen."""
        self.other.append(sentence)

    def found(self, revision, digest, config):
        """Judges what runs after a crash, and goes on from it."""
        marks = marks_of(config)
        if marks == expected_marks(self.last.number):
            self._found_acknowledged(revision, digest)
        elif self.in_flight and marks == expected_marks(self.in_flight):
            if self.last.number and revision <= self.last.revision:
                self.torn.append(f"revision {revision} holds commit {self.in_flight}, which came "
                                 f"behind revision {self.last.revision}")
            self.landed_unseen += 1
            self.last = Acknowledged(self.in_flight, revision, digest)
        else:
            self._found_wrong(marks)
            self.last = Acknowledged(number_in(marks, self.last.number), revision, digest)
        self.in_flight = 0

    def _found_acknowledged(self, revision, digest):
        if self.last.hash and (revision, digest) != (self.last.revision, self.last.hash):
            self.torn.append(f"commit {self.last.number} was acknowledged as revision "
                             f"{self.last.revision} {self.last.hash[:12]}, and runs as revision "
                             f"{revision} {digest[:12]}")
        self.undone_unseen += bool(self.in_flight)
        self.last = Acknowledged(self.last.number, revision, digest)

    def _found_wrong(self, marks):
        number = number_in(marks, self.last.number)
        if marks == expected_marks(number) and number < self.last.number:
            self.lost.append(f"commit {self.last.number} was acknowledged, and {number} runs")
        else:
            expected = self.in_flight or self.last.number
            self.torn.append(f"neither commit {self.last.number} nor {self.in_flight or 'another'} "
                             f"is whole: {first_difference(marks, expected_marks(expected))}")


def number_in(marks, default):
    """The number that a configuration claims."""
    try:
        return int(marks.get("zone first", 0))
    except (TypeError, ValueError):
        return default
