# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Asks a node through lockstepctl."""

import json

from .shell import LabError, run

SOCKET = "control.sock"


class Control:
    """The control socket of one node, seen from outside the node."""

    def __init__(self, options, name):
        self.name = name
        self._lockstepctl = options.programs["lockstepctl"]
        self._socket = options.node_folder(name) / SOCKET

    def command(self, *words):
        """The command line of a call, for people and for other programs."""
        return [str(self._lockstepctl), "--socket", str(self._socket), *words]

    def text(self, *words, timeout_s=30):
        """Output of a call. Raises LabError if the node does not answer."""
        return run(*self.command(*words), timeout_s=timeout_s)

    def json(self, *words, timeout_s=30):
        """The same, parsed. 64-bit numbers may be strings in it: see number()."""
        text = self.text(*words, "--json", timeout_s=timeout_s)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise LabError(f"node {self.name}: `{' '.join(words)} --json` is not JSON: "
                           f"{text[:80]!r}") from None

    def status_or_none(self):
        """Status, or None while the node does not answer (not started yet, or dead)."""
        try:
            return self.json("status", timeout_s=5)
        except LabError:
            return None

    def counters(self):
        """Name → value of all counters."""
        answer = self.json("stats")
        return {row["name"]: number(row, "value") for row in answer.get("counters", [])}


def number(fields, key):
    """An integer field: absent means 0, and 64-bit numbers come as strings in protobuf's JSON."""
    return int(fields.get(key, 0) or 0)
