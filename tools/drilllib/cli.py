# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The command line of tools/drill."""

import argparse
import contextlib
import fcntl
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from lablib.lab import Lab
from lablib.programs import DEFAULT_BUILD, REPOSITORY, USUAL, find_programs
from lablib.shell import LabError
from lablib.topology import LabOptions

from . import config_cli, pair_cli, plot, summary, verdict
from .kill_story import KillStory
from .plan import TrafficPlan
from .progress import Progress

DESCRIPTION = """\
Kills the active node of a pair while real connections run through it, and counts what survives.

  1. sets the machine up and builds (tools/setup, tools/build), then brings the lab up (tools/lab)
  2. fills the session table, opens more than 200 TCP connections from kernel sockets (idle,
     interactive, bulk, and 60 new ones a second) and 50 UDP flows, half of all through source NAT;
     every byte is checked at both ends
  3. when the standby is synced: SIGKILL to the active at a random moment
  4. four more seconds of traffic; then each connection has to echo once more on the same socket
  5. the same without replication, as a control: established connections must die there, new ones
     must pass, or a green result would mean nothing
"""

EPILOG = """\
How it judges: a connection counts as open if it had echoed a byte 10 ms before the kill; younger
ones are reported apart, or with --commit-before-forward must survive, too. A UDP flow is lost if it
stays silent, comes from another NAT address or port afterwards, or carries a wrong byte. The outage
is the longest gap between two echoes of a flow at 1 kpps. Losses decide the verdict and the exit
status (0 pass, 1 fail, 2 usage); figures that were not reached are printed, and decide too with
--strict.

examples:
  tools/drill                                    the kill drill and its control run
  tools/drill --json drill.json --plot drill.svg
  tools/drill --runs 20 --no-control             one drill after another
  tools/drill --commit-before-forward            no connection is too young to survive
  tools/drill --sessions 1000000 --keep          leave the lab up to look at it
"""


def parse(argv):
    """Arguments of tools/drill."""
    parser = argparse.ArgumentParser(
        prog="tools/drill", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("drill", nargs="?", choices=("kill", "config", "config-local"),
                        default="kill",
                        help="which drill (default: kill); the others have options of their own: "
                             "tools/drill config --help, tools/drill config-local --help")
    parser.add_argument("--sessions", type=int, default=100_000, metavar="N",
                        help="synthetic sessions besides the traffic (default: 100000)")
    parser.add_argument("--runs", type=int, default=1, metavar="N",
                        help="kills, each in a fresh lab (default: 1)")
    parser.add_argument("--seed", type=int, metavar="N",
                        help="of message sizes, pauses, the moment of the kill (default: random)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as one JSON object")
    parser.add_argument("--plot", metavar="FILE.svg",
                        help="draw throughput over time around the (last) kill")
    parser.add_argument("--no-control", action="store_true", help="skip the control run")
    parser.add_argument("--strict", action="store_true",
                        help="figures that were not reached fail the drill, too")
    parser.add_argument("--keep", action="store_true", help="leave the last lab up")
    parser.add_argument("--ha2", choices=("af_xdp", "af_packet"), default="af_xdp",
                        help="how the state link is driven (default: af_xdp)")
    parser.add_argument("--ha2-links", type=int, choices=(1, 2), default=1,
                        help="state links (default: 1)")
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="workers of each node (default: 1)")
    parser.add_argument("--commit-before-forward", action="store_true",
                        help="ask for it in every rule: then young connections must survive, too")
    parser.add_argument("--short-rate", type=int, metavar="N",
                        help="short TCP connections opened a second (default: 60; 300 with "
                             "--commit-before-forward, so that some are young)")
    parser.add_argument("--prefix", default="drill", help="name of the lab (default: drill)")
    parser.add_argument("--build", metavar="FOLDER",
                        help="use the programs of this build folder; set up and build nothing")
    arguments = parser.parse_args(argv)
    if arguments.short_rate is None:
        arguments.short_rate = 300 if arguments.commit_before_forward else 60
    if not 1 <= arguments.short_rate <= 1000:
        parser.error(f"--short-rate: {arguments.short_rate}, 1 to 1000 are possible")
    if arguments.runs < 1:
        parser.error("--runs: at least 1")
    if arguments.sessions < 0:
        parser.error("--sessions: at least 0")
    return arguments


def prepare(arguments, say, names=USUAL):
    """Sets up and builds unless told not to. Returns the programs."""
    if os.geteuid() != 0:
        raise LabError("namespaces and raw sockets need root: sudo tools/drill")
    if arguments.build:
        return find_programs(arguments.build, names)
    say("setting up and building (tools/build release)")
    done = subprocess.run([REPOSITORY / "tools" / "build", "release"], check=False,
                          stdout=sys.stderr)
    if done.returncode != 0:
        raise LabError(f"tools/build release: exit {done.returncode}")
    return find_programs(DEFAULT_BUILD, names)


@contextlib.contextmanager
def only_drill(prefix, say):
    """One drill at a time under a prefix. What an earlier one left behind is taken down."""
    with open(f"/run/lockstep-drill-{prefix}.lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f'another drill uses the prefix "{prefix}": wait, or choose another '
                           "--prefix") from None
        if LabOptions(prefix=prefix).folder.exists():
            say(f'taking down what an earlier drill left of lab "{prefix}"')
            Lab.load(prefix).down()
        yield


def capacity_of(sessions):
    """Room for the synthetic sessions, the traffic, and some more."""
    return max(131_072, sessions + sessions // 4 + 16_384)


def run_all(arguments, programs, say):
    """All runs, then the control run. Returns (runs, control or None, why there is none)."""
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    plan = TrafficPlan(short_rate_hz=arguments.short_rate)

    def story(replication, run_seed):
        options = LabOptions(
            prefix=arguments.prefix, replication=replication, ha2=arguments.ha2,
            ha2_links=arguments.ha2_links,
            workers=arguments.workers, sessions=capacity_of(arguments.sessions),
            commit_before_forward=arguments.commit_before_forward, programs=programs)
        return KillStory(options, plan, arguments.sessions if replication else 0, run_seed, say)

    runs = []
    for index in range(arguments.runs):
        is_last = index == arguments.runs - 1 and arguments.no_control
        runs.append(story(True, seed + index).run(keep=arguments.keep and is_last))
        if arguments.runs > 1:
            lost = verdict.losses(runs[-1])
            print(summary.run_line(index + 1, runs[-1], lost), flush=True)
    if arguments.no_control:
        return runs, None, []
    say("control run: the same without replication")
    try:
        return runs, story(False, seed).run(keep=arguments.keep), []
    except LabError as error:  # The runs before it are worth their table all the same.
        return runs, None, [f"control: {error}"]


def conclude(arguments, runs, control, faults):
    """Prints table and verdict, writes files. Returns the exit status."""
    losses = [f"seed {run.seed}: {loss}" for run in runs for loss in verdict.losses(run)]
    faults = faults + (verdict.control_faults(control) if control else [])
    misses = verdict.misses(runs)
    passed = not losses and not faults and not (arguments.strict and misses)
    rows = summary.rows_of(runs[-1]) + (summary.control_rows(control) if control else ())
    print(f"\ndrill {arguments.drill}, {len(runs)} run{'s' if len(runs) > 1 else ''}; "
          f"the last one, seed {runs[-1].seed}:")
    print("\n".join(summary.table(rows)))
    for sentence in losses + faults:
        print(f"  LOST    {sentence}")
    for sentence in misses:
        print(f"  MISSED  {sentence}")
    print(f"verdict: {'pass' if passed else 'FAIL'}")
    if arguments.json:
        figures = summary.as_json(arguments.drill, runs, control, passed)
        Path(arguments.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if arguments.plot:
        Path(arguments.plot).write_text(plot.svg_of(runs[-1]), encoding="utf-8")
    return 0 if passed else 1


def run_drill(argv, say):
    """Parses, prepares and runs the drill that is asked for. Returns the exit status."""
    if argv[:1] == ["config-local"]:
        arguments = config_cli.parse(argv[1:])
        programs = prepare(arguments, say, config_cli.PROGRAMS)
        with only_drill(arguments.prefix, say):
            found = config_cli.run(arguments, programs, say)
        return config_cli.conclude(arguments, *found)
    if argv[:1] == ["config"]:
        arguments = pair_cli.parse(argv[1:])
        programs = prepare(arguments, say, pair_cli.PROGRAMS)
        with only_drill(arguments.prefix, say):
            drill = pair_cli.PairDrill(arguments, programs, say).run()
        return pair_cli.conclude(arguments, drill)
    arguments = parse(argv)
    programs = prepare(arguments, say)
    with only_drill(arguments.prefix, say):
        runs, control, faults = run_all(arguments, programs, say)
    return conclude(arguments, runs, control, faults)


def main(argv=None):
    """Exit status: 0 pass, 1 fail, 2 wrong usage."""
    say = Progress()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # Ends as tidily as Ctrl-C.
    try:
        return run_drill(sys.argv[1:] if argv is None else argv, say)
    except LabError as error:
        print(f"tools/drill: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/drill: interrupted; the lab was taken down", file=sys.stderr)
        return 130
