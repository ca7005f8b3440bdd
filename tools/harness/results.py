# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Counts single test cases in what meson recorded, and judges skips.

meson knows programs; gtest and unittest know cases. The cases are counted from the programs'
output, because that works for both and survives a crash in the middle.
"""

import dataclasses
import json
import re
import shlex

# Why a test may be skipped; it prints `skip: REASON: a sentence`. Anything else is a failure, so
# that a test that silently stopped running is noticed.
SKIP_REASONS = {
    "no-privilege": "needs root, CAP_BPF or CAP_NET_ADMIN",
    "no-namespaces": "this kernel or container refuses network namespaces",
    "no-hugepages": "no hugepages could be reserved",
    "no-kernel-feature": "the running kernel lacks a feature",
    "no-tool": "a program that tools/setup installs is missing",
    "no-large-tool": "a program that is too large for tools/setup is missing",
    "no-hardware": "needs a device that this machine does not have",
}
MESON_SKIP_STATUS = 77

GTEST_RAN = re.compile(r"^\[\s+OK \] ", re.M)
GTEST_FAILED = re.compile(r"^\[  FAILED  \] (\S+?)(?:,.*)? \(\d+ ms\)$", re.M)
GTEST_SKIPPED = re.compile(r"^\[  SKIPPED \] \S+ \(\d+ ms\)$", re.M)
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)$", re.M)
REASON = re.compile(r"\b(" + "|".join(SKIP_REASONS) + r")\b:?\s*(.*)")
OUTPUT_LINES = 40


@dataclasses.dataclass
class Tally:
    """Numbers of test cases, and what to tell about those that did not pass."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skips: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.skips += other.skips

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def skip_reason(output):
    """(reason, sentence) that a skipped test printed, or None when it named no listed reason."""
    match = REASON.search(output)
    return (match[1], match[2].strip()) if match else None


def rerun_command(build, record, failed_cases):
    """A command line that repeats the failed cases of one test."""
    command = shlex.join(record["command"])
    if failed_cases:
        command += " --gtest_filter=" + shlex.quote(":".join(failed_cases))
    return f"(cd {shlex.quote(build)} && {command})"


def tail(text, lines=OUTPUT_LINES):
    """The last lines of a text, indented."""
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-lines:])


def count(record, build):
    """Tally of one record of meson's testlog.json."""
    output = (record.get("stdout") or "") + "\n" + (record.get("stderr") or "")
    tally = Tally()
    failed_cases = GTEST_FAILED.findall(output)
    tally.passed = len(GTEST_RAN.findall(output))
    tally.failed = len(failed_cases)
    tally.skipped = len(GTEST_SKIPPED.findall(output))
    ran = UNITTEST_RAN.search(output)
    if ran:
        tally.passed = int(ran[1])
        bad = UNITTEST_BAD.search(output)
        numbers = dict(re.findall(r"(\w+)=(\d+)", bad[1])) if bad else {}
        tally.failed = int(numbers.get("failures", 0)) + int(numbers.get("errors", 0))
        tally.passed -= min(tally.passed, tally.failed)
    judge(record, output, tally)
    if tally.failed:
        title = f"FAILED {record['name']} ({record['result'].lower()}, {record['duration']:.1f} s)"
        tally.failures.append(f"{title}\n{tail(output)}\n    run again: "
                              f"{rerun_command(build, record, failed_cases)}")
    return tally


def judge(record, output, tally):
    """Lets meson's verdict on the program outrank what the program printed."""
    result = record["result"]
    if result == "SKIP" or (result == "OK" and tally.skipped):
        reason = skip_reason(output)
        tally.skipped = max(tally.skipped, 1)
        if reason is None:
            tally.failed += tally.skipped
            tally.skipped = 0
        else:
            tally.skips.append(f"{record['name']}: {reason[0]}: {reason[1]}")
    elif result in ("OK", "EXPECTEDFAIL"):
        if tally.passed + tally.failed == 0:
            tally.passed = 1  # A program that is one test, such as a checker.
    elif tally.failed == 0:
        tally.failed = 1  # A crash or a timeout prints no FAILED line.


def read_log(path, build):
    """Tally of a whole testlog.json."""
    tally = Tally()
    with open(path, encoding="utf-8") as log:
        for line in log:
            tally.add(count(json.loads(line), build))
    return tally
