# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Runs programs; a failure becomes one readable line."""

import subprocess


class LabError(Exception):
    """Something an operator can read and act on. The message names the object and the remedy."""


def run(*argv, stdin=None, timeout_s=30):
    """Returns the program's standard output. Raises LabError with its own words if it fails."""
    command = [str(word) for word in argv]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True,
                              timeout=timeout_s, check=False)
    except FileNotFoundError:
        raise LabError(f"{command[0]}: not installed; run tools/setup") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(command)}: no end after {timeout_s} s") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise LabError(f"{' '.join(command)}: exit {done.returncode}: {words}")
    return done.stdout


def succeeds(*argv):
    """Whether the program ends with status 0; its output is dropped."""
    try:
        run(*argv)
    except LabError:
        return False
    return True
