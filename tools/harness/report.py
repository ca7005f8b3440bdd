# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What tools/test prints: headlines with elapsed time, failures as they happen, the summary."""

import time

STARTED = time.monotonic()


def clock():
    """Elapsed time as m:ss."""
    seconds = int(time.monotonic() - STARTED)
    return f"{seconds // 60}:{seconds % 60:02d}"


def headline(text):
    print(f"== {clock()} {text}", flush=True)


def progress(text):
    print(f"   {clock()} {text}", flush=True)


def summary(total, not_run, seconds):
    """The last lines: failures by name, skips, suites that did not run, and the numbers."""
    print()
    if total.failures:
        print("Failed:")
        for failure in total.failures:
            print("  " + failure.splitlines()[0])
            print("  " + failure.splitlines()[-1].strip())
    if total.skips:
        print("Skipped:")
        for skip in total.skips:
            print("  " + skip)
    if not_run:
        print("Did not run:")
        for line in not_run:
            print("  " + line)
    print(f"{seconds / 60:.1f} minutes")
    print(total, flush=True)
