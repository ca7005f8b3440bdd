# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The command line of tools/drill config."""

import argparse
import json
import random
import tempfile
from pathlib import Path

from lablib.shell import LabError
from lablib.topology import LabOptions

from . import pair_outcome, summary
from .config_outcome import Step
from .pair_campaign import PairKills
from .pair_outcome import Tally
from .pair_ring_story import RingStory
from .pair_secrets_story import SecretsStory
from .pair_traffic_story import PairTrafficStory

DESCRIPTION = """\
Shows that a commit is something both nodes of a pair agree on, or says why it is not.

  1. traffic: two nodes with dataplanes; a commit on one is policy on the other when the first one
     is killed; a commit that nobody confirms is undone by the survivor
  2. stories: the peer refuses, is dead during five commits, has diverged; a loop of three nodes;
     commits that wait for their confirmation
  3. kills: one node of a pair that commits as fast as it can, or both, get SIGKILL at a random
     moment between prepare and apply. What each one runs is always one whole commit, and nothing
     that was acknowledged is lost
  4. secrets: HA1 is captured and decrypted; no password or key is in it, nor in a log or store
  5. controls: with synchronisation off the kill shows the old policy; a planted secret is found
"""

EPILOG = """\
examples:
  tools/drill config                              everything, 200 kills
  tools/drill config --kills 1000 --only kills --seed 7
  tools/drill config --only stories --only secrets
  tools/drill config --json config.json
"""

PROGRAMS = ("lockstep-dataplane", "lockstepctl", "lockstep-traffic", "lockstep-configd",
            "lockstep-commits")
PARTS = ("traffic", "stories", "kills", "secrets")


def parse(argv):
    """Arguments of tools/drill config."""
    parser = argparse.ArgumentParser(
        prog="tools/drill config", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART",
                        help=f"only this part; may be repeated: {' '.join(PARTS)}")
    parser.add_argument("--kills", type=int, default=200, metavar="N",
                        help="kills between prepare and apply (default: 200)")
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of the moments of the kills (default: random)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as one JSON object")
    parser.add_argument("--keep", action="store_true", help="leave the lab of the traffic up")
    parser.add_argument("--prefix", default="drill", help="name of the lab (default: drill)")
    parser.add_argument("--build", metavar="FOLDER",
                        help="use the programs of this build folder; set up and build nothing")
    arguments = parser.parse_args(argv)
    if arguments.kills < 1:
        parser.error(f"--kills: {arguments.kills}, at least 1")
    arguments.only = arguments.only or list(PARTS)
    return arguments


class PairDrill:
    """One run of the drill."""

    def __init__(self, arguments, programs, say):
        self._arguments = arguments
        self._programs = programs
        self._say = say
        self.seed = arguments.seed
        if self.seed is None:
            self.seed = random.SystemRandom().randrange(10**6)
        self.tally, self.steps, self.controls, self.campaign = Tally(), [], [], None

    def run(self):
        """Runs the parts that were asked for. Returns itself."""
        for part in PARTS:
            if part in self._arguments.only:
                getattr(self, f"_{part}")()
        return self

    def _traffic(self):
        options = LabOptions(prefix=self._arguments.prefix, configd=True, paired=True,
                             programs=self._programs)
        story = PairTrafficStory(options, self.tally, self._say)
        self.controls += story.run(self.steps, self._arguments.keep)

    def _stories(self):
        RingStory(self._ring_prefix(), self._programs, self.tally, self._say).run(self.steps)

    def _kills(self):
        self._say(f"{self._arguments.kills} kills between prepare and apply, seed {self.seed}")
        kills = PairKills(self._ring_prefix(), self._programs, self.seed, self.tally, self._say)
        try:
            self.campaign = kills.run(self._arguments.kills)
        except LabError as error:
            self.campaign = kills.found
            self.steps.append(Step("kills", faults=[f"the campaign ends after "
                                                    f"{kills.found.kills} kills: {error}"]))

    def _secrets(self):
        with tempfile.TemporaryDirectory(prefix="lockstep-wire-") as folder:
            story = SecretsStory(self._ring_prefix(), self._programs, self.tally, self._say, folder)
            story.run(self.steps)
            self.controls += story.controls

    def _ring_prefix(self):
        return f"{self._arguments.prefix[:6]}rg"


def conclude(arguments, drill):
    """Prints table and verdict, writes the file. Returns the exit status."""
    control_faults = [f"control: {name} was not seen: {words}"
                      for name, seen, words in drill.controls if not seen]
    figures = pair_outcome.as_json(drill.tally, drill.steps, control_faults)
    print(f"\ndrill config, seed {drill.seed}:")
    rows = pair_outcome.rows_of(drill.tally, drill.steps, drill.campaign, drill.controls)
    print("\n".join(summary.table(rows)))
    for step in drill.steps:
        for fault in step.faults:
            print(f"  FAULT   {step.name}: {fault}")
    for word, sentences in (("TORN", drill.tally.torn), ("LOST", drill.tally.lost),
                            ("LEAK", drill.tally.leaks), ("FAULT", control_faults)):
        for sentence in sentences:
            print(f"  {word:7} {sentence}")
    print(f"verdict: {'pass' if figures['verdict'] == 'pass' else 'FAIL'}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if figures["verdict"] == "pass" else 1
