# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The command line of tools/drill config-local."""

import argparse
import json
import random
import tempfile
from pathlib import Path

from lablib.topology import LabOptions

from . import config_outcome, planted, summary
from .config_story import ConfigStory
from .crash_campaign import CrashCampaign

DESCRIPTION = """\
Shows with live traffic what commits do on a pair, and that a crash of lockstep-configd never costs
or tears a revision.

  1. brings the lab up with a configd per node
  2. tells the story: a rule permits, and connections pass; it denies, and the sessions that the
     plan named end; rollback; a commit that nobody confirms; a thousand rules swapped under a flow
     of 10,000 datagrams a second; a dataplane and both configds killed; the edit lock of interfaces
  3. crash campaign: a configd that commits as fast as it can gets SIGKILL at random moments, also
     while it starts. After each: its database is whole, it starts, and what runs is the last
     acknowledged commit or the one in flight, whole
  4. controls: a revision torn on purpose, a store that lost its latest commits, an old copy of the
     whole store. Each must be seen, or a green result would mean nothing
"""

EPILOG = """\
examples:
  tools/drill config-local                        everything, 1,000 kills
  tools/drill config-local --kills 100 --no-story --seed 7
  tools/drill config-local --kills 0 --keep       the story alone; leave the lab up
  tools/drill config-local --json config.json
"""

PROGRAMS = ("lockstep-dataplane", "lockstepctl", "lockstep-traffic", "lockstep-configd",
            "lockstep-commits")


def parse(argv):
    """Arguments of tools/drill config-local."""
    parser = argparse.ArgumentParser(
        prog="tools/drill config-local", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, metavar="N",
                        help="kills of the crash campaign (default: 1000; 0: no campaign)")
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of the moments of the kills (default: random)")
    parser.add_argument("--no-story", action="store_true", help="the crash campaign alone")
    parser.add_argument("--json", metavar="FILE", help="write the figures as one JSON object")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--prefix", default="drill", help="name of the lab (default: drill)")
    parser.add_argument("--build", metavar="FOLDER",
                        help="use the programs of this build folder; set up and build nothing")
    arguments = parser.parse_args(argv)
    if arguments.kills < 0:
        parser.error(f"--kills: {arguments.kills}, at least 0")
    if arguments.no_story and arguments.kills == 0:
        parser.error("--no-story and --kills 0 leave nothing to do")
    return arguments


def run(arguments, programs, say):
    """The drill. Returns (steps, campaign or None, controls, commits of the story, seed)."""
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    story = ConfigStory(LabOptions(prefix=arguments.prefix, configd=True, programs=programs), say)
    steps = [] if arguments.no_story else story.run(arguments.keep)
    if arguments.kills == 0:
        return steps, None, [], story.commits, seed
    with tempfile.TemporaryDirectory(prefix="lockstep-crash-") as folder:
        say(f"crash campaign: {arguments.kills} kills, seed {seed}")
        with CrashCampaign(programs, folder, seed, say) as campaign:
            found = campaign.run(arguments.kills)
            controls = []
            if not found.ledger.faults:
                say("controls: stores that were damaged on purpose")
                controls = planted.controls(campaign, Path(folder))
    return steps, found, controls, story.commits, seed


def conclude(arguments, steps, campaign, controls, commits, seed):
    """Prints table and verdict, writes the file. Returns the exit status."""
    control_faults = [f"control: {name} was not seen: {words}"
                      for name, seen, words in controls if not seen]
    figures = config_outcome.as_json(steps, campaign, commits, control_faults, seed)
    print(f"\ndrill config-local, seed {seed}:")
    print("\n".join(summary.table(config_outcome.rows_of(steps, campaign, controls))))
    for sentence in figures["faults"] + control_faults:
        print(f"  FAULT   {sentence}")
    print(f"verdict: {'pass' if figures['verdict'] == 'pass' else 'FAIL'}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if figures["verdict"] == "pass" else 1

