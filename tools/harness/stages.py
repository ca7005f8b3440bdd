# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Runs one stage: configure, build what its tests need, run them, count."""

import dataclasses
import json
import os
import re
import subprocess
import time

import report
from results import MESON_SKIP_STATUS, Tally, read_log, skip_reason, tail

PROGRESS_SECONDS = 15.0
RESULT_LINE = re.compile(r"^\s*\d+/\d+ .*(OK|FAIL|TIMEOUT|SKIP|ERROR)\b")


@dataclasses.dataclass
class Outcome:
    """What a stage contributed."""

    tally: Tally = dataclasses.field(default_factory=Tally)
    not_run: list = dataclasses.field(default_factory=list)
    build_failed: bool = False


def run_stage(root, stage):
    """Outcome of one stage; never raises for a failing build or test."""
    if stage.command:
        return run_command(root, stage)
    outcome = Outcome()
    build = root / f"build-{stage.preset}"
    if not configure(root, stage, outcome):
        return outcome
    tests = [test for test in introspect(build, "--tests") if suites_of(test) & set(stage.suites)]
    missing = [suite for suite in stage.suites if not any(suite in suites_of(t) for t in tests)]
    outcome.not_run += [f"{suite} ({stage.preset}): has no tests" for suite in missing]
    targets = [] if stage.everything else needed_targets(build, tests)
    if stage.everything or targets:
        if not compile_targets(root, build, stage, targets, outcome):
            return outcome
    if tests:
        run_tests(build, stage, outcome)
    return outcome


def suites_of(test):
    """Suite names of an introspected test, without the project's prefix."""
    return {name.split(":")[-1] for name in test["suite"]}


def introspect(build, what):
    done = subprocess.run(["meson", "introspect", what, str(build)], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def needed_targets(build, tests):
    """ninja targets of the programs that the tests start or depend on."""
    files = {target["id"]: target["filename"] for target in introspect(build, "--targets")}
    wanted = {name for test in tests for name in test["depends"]}
    paths = sorted(path for name in wanted for path in files.get(name, []))
    return [os.path.relpath(path, build) for path in paths]


def fail_build(outcome, title, output):
    """Counts a stage that could not be built as one failure and shows why."""
    outcome.build_failed = True
    failed = f"FAILED {title}\n{tail(output)}\n    run again: {title}"
    outcome.tally.add(Tally(failed=1, failures=[failed]))
    print(failed, flush=True)


def configure(root, stage, outcome):
    """Whether the preset's build folder is ready."""
    command = ["tools/build", "--configure", "--no-setup", stage.preset]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        fail_build(outcome, " ".join(command), done.stdout + done.stderr)
    return done.returncode == 0


def compile_targets(root, build, stage, targets, outcome):
    """Whether ninja succeeded; says every few seconds how far it is."""
    command = ["ninja", "-C", str(build), *targets]
    environment = dict(os.environ, NINJA_STATUS="[%f/%t] ")
    lines, last = [], time.monotonic()
    with subprocess.Popen(command, cwd=root, env=environment, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as ninja:
        for line in ninja.stdout:
            lines.append(line)
            if time.monotonic() - last > PROGRESS_SECONDS and line.startswith("["):
                report.progress(f"building {stage.preset} {line.split(']')[0]}]")
                last = time.monotonic()
    if ninja.returncode != 0:
        fail_build(outcome, f"tools/build {stage.preset}", failed_part("".join(lines)))
        return False
    report.progress(f"built {stage.preset}")
    return True


def failed_part(output):
    """From the first failing command on, without the lines of commands that went well."""
    start = output.find("FAILED: ")
    kept = output[max(start, 0):].splitlines()
    return "\n".join(line for line in kept if not re.match(r"\[\d+/\d+\] ", line))[:6000]


def run_tests(build, stage, outcome):
    """Runs the suites with meson; shows each result line as it comes, then counts the cases."""
    command = ["meson", "test", "-C", str(build), "--no-rebuild"]
    for suite in stage.suites:
        command += ["--suite", suite]
    if stage.serial:
        command += ["--num-processes", "1"]
    log = build / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as meson:
        for line in meson.stdout:
            if RESULT_LINE.match(line):
                report.progress(" ".join(line.split()))
    if not log.exists():
        fail_build(outcome, " ".join(command), "meson wrote no test log")
        return
    tally = read_log(log, str(build))
    for failure in tally.failures:
        print(failure, flush=True)
    outcome.tally.add(tally)
    report.progress(f"{stage.title}: {tally}")


def run_command(root, stage):
    """Runs a program of ours that counts as one test; its output passes through."""
    outcome = Outcome()
    if os.geteuid() != 0:
        skip = f"{stage.title}: no-privilege: needs root for network namespaces; sudo tools/test"
        outcome.tally.add(Tally(skipped=1, skips=[skip]))
        return outcome
    program = root / stage.command[0]
    shown = " ".join(stage.command)
    if not program.exists():
        outcome.tally.add(Tally(failed=1, failures=[f"FAILED {shown}\n    there is no {program}"]))
        return outcome
    lines = []
    with subprocess.Popen([str(program), *stage.command[1:]], cwd=root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        for line in process.stdout:
            lines.append(line)
            print("   | " + line, end="", flush=True)
    reason = skip_reason("".join(lines)) if process.returncode == MESON_SKIP_STATUS else None
    if process.returncode == 0:
        outcome.tally.passed = 1
    elif reason:
        outcome.tally.add(Tally(skipped=1, skips=[f"{stage.title}: {reason[0]}: {reason[1]}"]))
    else:
        failed = f"FAILED {shown} (exit status {process.returncode})\n    run again: {shown}"
        outcome.tally.add(Tally(failed=1, failures=[failed]))
    return outcome


def list_tests(root):
    """Prints suite and name of every test of the release build; 0 if it is configured."""
    build = root / "build-release"
    subprocess.run(["tools/build", "--configure", "--no-setup", "release"], cwd=root, check=True)
    tests = introspect(build, "--tests")
    for suite, name in sorted((min(suites_of(test)), test["name"]) for test in tests):
        print(f"{suite:10} {name}")
    return 0
