# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Whether the test of a row can fail. A mutant inverts the row's schema annotation or its
condition, in a copy of the checkout; then the row's own test must be red.

tests/mutants/*.json are lists of
  {"row": "F27", "file": "configsync/select/map_rules.cc", "find": "…", "replace": "…",
   "suite": "configsync_select", "red": ["SyncMap.F27_TheMostSpecificRuleDecides"]}
  {"row": "F2", "why_none": "a sentence"}
`find` is once in the file, `suite` is meson's name of the test program, all of `red` must fail. The
copy stays in build-mutants, so that the next run builds little.
"""

import dataclasses
import json
import os
import re
import subprocess

import report
import rows
import stages
from results import tail

FOLDER = "build-mutants"
RAN = re.compile(r"^\[ RUN      \] (\S+)", re.M)
WELL = re.compile(r"\[\s+(?:OK|SKIPPED) \] (\S+)")
SECONDS_MIN = 60  # meson's limits are for a quiet machine.
SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One entry of tests/mutants; without a file there is none, and `why_none` says why."""

    row: str
    file: str = ""
    find: str = ""
    replace: str = ""
    suite: str = ""
    red: tuple = ()
    why_none: str = ""

    def __post_init__(self):
        object.__setattr__(self, "red", tuple(self.red))


class Broken(Exception):
    """The copy cannot be built; the text is the end of what the build said."""


def load(root):
    """All mutants, in the order of the rows."""
    order = {row: place for place, row in enumerate(rows.all_rows())}
    found = [Mutant(**entry) for path in sorted((root / "tests" / "mutants").glob("*.json"))
             for entry in json.loads(path.read_text(encoding="utf-8"))]
    return sorted(found, key=lambda mutant: order.get(mutant.row, len(order)))


def tests_of_sources(root):
    """Names of all gtest cases, as Suite.Name."""
    names = set()
    for path in (root / "tests").rglob("*.cc"):
        text = rows.BROKEN_TEST.sub(r"\1 ", path.read_text(encoding="utf-8"))
        names |= {".".join(match) for match in re.findall(rows.TEST.pattern, text, re.M)}
    return names


def faults(root, mutants, due=()):
    """Sentences about mutants that prove nothing, and about `due` rows without any."""
    names, proofs, found = tests_of_sources(root), rows.scan(root), []
    for mutant in mutants:
        title = f"{mutant.row} {mutant.file}"
        if mutant.why_none:
            if mutant.file:
                found.append(f"{title}: is there, and says why it is not")
            continue
        path = root / mutant.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if text.count(mutant.find) != 1:
            found.append(f"{title}: {text.count(mutant.find)} times in the file: {mutant.find!r}")
        if mutant.find == mutant.replace or not mutant.suite:
            found.append(f"{title}: changes nothing, or names no suite")
        found += [f"{title}: there is no test {red}" for red in mutant.red if red not in names]
        own = {proof.test for proof in proofs.get(mutant.row, ())}
        if not own & set(mutant.red):
            found.append(f"{title}: none of its tests is one of the row, see tools/test --list")
    has = {mutant.row for mutant in mutants}
    return found + [f"{row}: has no mutant and no why_none" for row in due if row not in has]


def copy(root):
    """The copy of the checkout's files, changed ones included; equal files keep their times."""
    target = root / FOLDER
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=root, check=True, capture_output=True, text=True).stdout
    wanted = {name for name in listed.split("\0") if name and (root / name).is_file()}
    for folder, below, files in os.walk(target):
        below[:] = [name for name in below if not name.startswith("build-")]
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), target)
            if path not in wanted:
                os.unlink(target / path)
    for name in wanted:
        source, made = root / name, target / name
        made.parent.mkdir(parents=True, exist_ok=True)
        if not made.is_file() or made.read_bytes() != source.read_bytes():
            made.write_bytes(source.read_bytes())
            made.chmod(source.stat().st_mode)
    return target


class Suites:
    """The programs of the copy."""

    def __init__(self, source):
        command = ["tools/build", "--configure", "--no-setup", "release"]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Broken(tail(done.stdout + done.stderr))
        self._build = source / "build-release"
        self._tests = {test["name"]: test for test in stages.introspect(self._build, "--tests")}

    def run(self, name):
        """Names of its tests that are red, after a build."""
        if name not in self._tests:
            raise Broken(f"    there is no suite {name}; tools/test --list-tests names them")
        test = self._tests[name]
        ninja = ["ninja", "-C", str(self._build), *stages.needed_targets(self._build, [test])]
        done = subprocess.run(ninja, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Broken(tail(stages.failed_part(done.stdout)))
        try:
            output = subprocess.run(test["cmd"], cwd=test["workdir"] or self._build,
                                    env=dict(os.environ, **test["env"]), stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, check=False,
                                    timeout=2 * max(test["timeout"], SECONDS_MIN)).stdout
        except subprocess.TimeoutExpired as late:
            output = late.stdout or b""
        return red_of(output.decode(errors="replace"))


def red_of(output):
    """Tests that began, and did not end well; whatever ended the program."""
    well = set(WELL.findall(output))
    return [case for case in RAN.findall(output) if case not in well]


def judge(source, suites, mutant):
    """(whether all of `red` is, the rest of what is red); the copy is as before then."""
    path = source / mutant.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(mutant.find) != 1:
        raise Broken(f"    {mutant.find!r} is {whole.count(mutant.find)} times in {mutant.file}")
    try:
        path.write_text(whole.replace(mutant.find, mutant.replace), encoding="utf-8")
        red = suites.run(mutant.suite)
    finally:
        path.write_text(whole, encoding="utf-8")
    return set(mutant.red) <= set(red), [case for case in red if case not in mutant.red]


def shown(cases):
    """Names as far as they fit."""
    more = f" and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
    return ", ".join(cases[:SHOWN]) + more if cases else "nothing"


def run(root, wanted):
    """Judges all mutants, or those of the rows `wanted`. Exit status 0 if each was caught."""
    mutants = [mutant for mutant in load(root) if not wanted or mutant.row in wanted]
    none = [mutant for mutant in mutants if not mutant.file]
    mutants = [mutant for mutant in mutants if mutant.file]
    source = copy(root)
    missed, green = [row for row in wanted if row not in {m.row for m in mutants + none}], {}
    try:
        suites = Suites(source)
        for name in sorted({mutant.suite for mutant in mutants}):
            red = suites.run(name)
            green[name] = not red
            report.progress(f"{name} as it is: {'red ' + shown(red) if red else 'green'}")
    except Broken as why:
        print(f"tools/test: the copy cannot be tested\n{why}")
        return 1
    for number, mutant in enumerate(mutants, 1):
        title = f"[{number}/{len(mutants)}] {mutant.row} {mutant.file}"
        is_caught, words = False, "not judged: its suite is red as it is"
        if green[mutant.suite]:
            try:
                is_caught, rest = judge(source, suites, mutant)
                words = f"{'caught' if is_caught else 'NOT CAUGHT'}; also red: {shown(rest)}"
            except Broken as why:
                words = f"cannot be built\n{why}"
        missed += [] if is_caught else [mutant.row]
        report.progress(f"{title}: {words}")
    for mutant in none:
        print(f"   {mutant.row} has none: {mutant.why_none}")
    print(f"{len(mutants)} mutants, not caught: {', '.join(missed) or 'none'}")
    return 1 if missed else 0
