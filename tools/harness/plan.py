# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What tools/test runs, as data: presets, suites, order. Cheap, often failing stages first."""

import dataclasses

SUITES = ("lint", "unit", "golden", "scenario", "swarm", "fuzz", "bpf", "dpdk", "e2e")
CORE_SUITES = ("unit", "golden", "scenario")


@dataclasses.dataclass(frozen=True)
class Stage:
    """One preset, the targets built in it and the suites run from it.

    `everything` builds all targets; otherwise only what the suites' tests need. `command` replaces
    meson by a program of ours that counts as one test.
    """

    title: str
    preset: str = "release"
    suites: tuple = ()
    everything: bool = False
    command: tuple = ()
    serial: bool = False


ENGINE_ALONE = Stage("lint, and the engine without DPDK", "statesync", ("lint",) + CORE_SUITES)
RELEASE = Stage("release build, unit and golden tests", "release",
                ("lint",) + CORE_SUITES + ("fuzz",), True)
RELEASE_MACHINE = Stage("release, tests of the machine: bpf and dpdk", "release", ("bpf", "dpdk"),
                        serial=True)
ASAN = Stage("address and undefined behaviour sanitizers", "asan", CORE_SUITES + ("dpdk",))
SWARM = Stage("a minute of simulated runs with new seeds", "release", ("swarm",))
DRILL = Stage("kill drill", command=("tools/drill", "kill", "--json", "build-release/drill.json"))
CRASHES = Stage("a hundred kills of configd",
                command=("tools/drill", "config-local", "--no-story", "--kills", "100", "--json",
                         "build-release/crashes.json"))
PAIR_CRASHES = Stage("commits that both nodes agree on, and thirty kills of one",
                     command=("tools/drill", "config", "--kills", "30", "--build",
                              "build-release", "--json", "build-release/pair.json"))
E2E = Stage("end-to-end tests in network namespaces", "release", ("e2e",), serial=True)
FUZZ = Stage("fuzz corpora under the sanitizers", "asan", ("fuzz",))
TSAN = Stage("thread sanitizer", "tsan", CORE_SUITES)
CLANG = Stage("clang build and tests", "clang", CORE_SUITES, True)

DEFAULT = (ENGINE_ALONE, RELEASE, RELEASE_MACHINE, ASAN, SWARM, DRILL, CRASHES,
           PAIR_CRASHES)
DRILLS = (DRILL, CRASHES, PAIR_CRASHES)
REST = (CLANG, TSAN, FUZZ, E2E)


def stages_for(options):
    """Stages in the order in which they run."""
    if options.suite:
        return (Stage(" ".join(options.suite), options.preset, tuple(options.suite)),)
    if options.quick:
        return (dataclasses.replace(RELEASE, everything=False, title="release, quick"),)
    chosen = DEFAULT + (REST if options.all else ())
    return tuple(stage for stage in chosen if not (options.no_drill and stage in DRILLS))


def left_out(options):
    """What the chosen options leave out, each with its reason."""
    if options.suite:
        return [f"all suites but {', '.join(options.suite)}: --suite"]
    if options.quick:
        return ["everything but lint, unit, golden and scenario of the release build: --quick"]
    out = [] if options.all else [f"{stage.title}: only with --all" for stage in REST]
    return out + [f"{stage.title}: --no-drill" for stage in DRILLS if options.no_drill]
