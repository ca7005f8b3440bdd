# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Tells a person what a drill is doing: a line per step, and one that is rewritten meanwhile."""

import sys
import time


class Progress:
    """Prints to standard error, so that standard output holds the result alone."""

    def __init__(self, stream=sys.stderr):
        self._stream = stream
        self._start = time.monotonic()
        self._is_terminal = stream.isatty()
        self._passing_shown = False
        self._passing_at = 0.0

    def __call__(self, words, passing=False):
        """`passing` lines overwrite each other on a terminal; elsewhere one in 2 s is printed."""
        now = time.monotonic()
        line = f"[{now - self._start:6.1f} s] {words}"
        if passing and self._is_terminal:
            self._stream.write(f"\r\033[K{line}")
            self._passing_shown = True
        elif not passing or now - self._passing_at >= 2.0:
            if passing:
                self._passing_at = now
            self._stream.write("\n" if self._passing_shown else "")
            self._stream.write(line + "\n")
            self._passing_shown = False
        self._stream.flush()
