# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Where the programs of a build are."""

from pathlib import Path

from .shell import LabError

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DEFAULT_BUILD = REPOSITORY / "build-release"

PLACES = {
    "lockstep-commits": "tools/commit_loop/lockstep-commits",
    "lockstep-configd": "configsync/lockstep-configd",
    "lockstep-dataplane": "dataplane/lockstep-dataplane",
    "lockstepctl": "tools/lockstepctl/lockstepctl",
    "lockstep-traffic": "tools/traffic/lockstep-traffic",
}

# Of a lab without configd.
USUAL = ("lockstep-dataplane", "lockstepctl", "lockstep-traffic")


def find_programs(build, names=USUAL):
    """Absolute paths of programs in a build folder. Raises LabError if one is not there."""
    found = {}
    for name in names:
        path = Path(build).resolve() / PLACES[name]
        if not path.is_file():
            raise LabError(f"{path}: not built; run tools/build, or name another folder by --build")
        found[name] = path
    return found
