# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Builds and runs the tests, fast failures first.

Default: lint and the engine alone; release unit, golden, scenario, bpf and dpdk tests; the same
cases under the address and undefined behaviour sanitizers; a minute of swarm with new seeds; one
kill drill.
"""

import argparse
import pathlib
import sys
import time

import mutants
import plan
import report
import rows
import stages
from results import Tally


def parse_arguments():
    """The command line; see --help."""
    parser = argparse.ArgumentParser(prog="tools/test", description=__doc__)
    parser.add_argument("--all", action="store_true",
                        help="also: clang, thread sanitizer, fuzz corpora, end-to-end tests")
    parser.add_argument("--quick", action="store_true",
                        help="only lint, unit, golden and scenario tests of the release build")
    parser.add_argument("--suite", action="append", choices=plan.SUITES, metavar="NAME",
                        help=f"only this suite; may be repeated: {' '.join(plan.SUITES)}")
    parser.add_argument("--preset", default="release", help="preset for --suite (default: release)")
    parser.add_argument("--no-drill", action="store_true", help="leave out the drills")
    parser.add_argument("--no-setup", action="store_true", help="do not call tools/setup")
    parser.add_argument("--list", action="store_true",
                        help="print which test proves which row of FEATURES; exit status 1 if a "
                        "row that is due has none")
    parser.add_argument("--mutants", nargs="*", metavar="ROW",
                        help="invert the condition of each row (or of these) in a copy of the "
                        "checkout; exit status 1 if the row's own test is not red then")
    parser.add_argument("--list-tests", action="store_true",
                        help="print suite and name of each test of the release build")
    parser.add_argument("--keep-going", action="store_true",
                        help="go on with later stages after a stage that failed to build")
    return parser.parse_args()


def list_rows(root):
    """Prints row → test. Exit status 0 if every row that is due has one."""
    proofs = rows.scan(root)
    print("\n".join(rows.lines(proofs)))
    words, is_complete = rows.conclusion(proofs)
    print(words)
    return 0 if is_complete else 1


def run(root, options):
    """Runs every stage of the plan; the total tally and the suites that did not run."""
    total, not_run = Tally(), []
    chosen = plan.stages_for(options)
    for number, stage in enumerate(chosen, 1):
        report.headline(f"[{number}/{len(chosen)}] {stage.title}")
        outcome = stages.run_stage(root, stage)
        total.add(outcome.tally)
        not_run += outcome.not_run
        if outcome.build_failed and not options.keep_going:
            not_run += [f"{later.title}: an earlier build failed" for later in chosen[number:]]
            break
    return total, not_run + plan.left_out(options)


def main():
    """Exit status 0 only if something passed and nothing failed."""
    options = parse_arguments()
    root = pathlib.Path(__file__).resolve().parents[2]
    if options.list:
        return list_rows(root)
    if options.mutants is not None:
        return mutants.run(root, options.mutants)
    if options.list_tests:
        return stages.list_tests(root)
    started = time.monotonic()
    try:
        total, not_run = run(root, options)
    except KeyboardInterrupt:
        print("\ntools/test: interrupted", file=sys.stderr)
        return 130
    report.summary(total, not_run, time.monotonic() - started)
    return 0 if total.passed > 0 and total.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
