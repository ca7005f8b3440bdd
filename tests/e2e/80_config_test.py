# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What commits do to live traffic, and what crashes of configd do to commits: the drill
config-local, made small."""

import os
import tempfile
import unittest
from pathlib import Path

from story import BUILD_ROOT, find_programs, main, topology

from drilllib import planted
from drilllib.config_cli import PROGRAMS
from drilllib.config_story import ConfigStory
from drilllib.crash_campaign import CrashCampaign

KILLS = 60
SEED = 20_261_121


def say(words, passing=False):
    """Progress, as the drill prints it."""
    if not passing:
        print(words, flush=True)


class Config(unittest.TestCase):
    def test_live_traffic_shows_commits(self):
        options = topology.LabOptions(prefix=f"c{os.getpid() % 100_000}", configd=True,
                                      programs=find_programs(BUILD_ROOT, PROGRAMS))
        steps = ConfigStory(options, say).run()
        self.assertEqual([], [f"{step.name}: {fault}" for step in steps for fault in step.faults])

    def test_kills_of_configd_cost_no_commit(self):
        programs = find_programs(BUILD_ROOT, PROGRAMS)
        with tempfile.TemporaryDirectory() as folder, \
                CrashCampaign(programs, folder, SEED, say) as campaign:
            found = campaign.run(KILLS)
            self.assertEqual([], found.ledger.faults)
            self.assertEqual(KILLS, found.kills)
            self.assertGreater(found.kills_before_answer, KILLS // 5, "kills miss the commits")
            for name, seen, words in planted.controls(campaign, Path(folder)):
                self.assertTrue(seen, f"{name}: {words}")


if __name__ == "__main__":
    main()
