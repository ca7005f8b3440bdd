# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What every lint checker shares: the finding, the walk over the sources, the printed form."""

import dataclasses
import pathlib
import sys

SOURCE_FOLDERS = ("statesync", "dataplane", "configsync", "proto", "bench", "tests", "tools", ".ci")
CPP_SUFFIXES = (".h", ".cc", ".c")


@dataclasses.dataclass(frozen=True)
class Finding:
    """One broken rule; `line` is 0 when the whole file is meant."""

    file: str
    line: int
    rule: str
    remedy: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.rule}; {self.remedy}"


def source_files(root, suffixes=None):
    """Paths relative to `root` of our sources, sorted; `suffixes` None means all of them."""
    found = []
    for folder in SOURCE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                if suffixes is None or path.suffix in suffixes:
                    found.append(path.relative_to(root))
    return found


def read_lines(root, path):
    """Lines of a text file without their ends; None for a file that is not text."""
    try:
        return (root / path).read_text(encoding="utf-8").splitlines()
    except (UnicodeDecodeError, FileNotFoundError):  # A file may vanish after the listing.
        return None


def report(name, findings, checked):
    """Prints the findings and ends the process: 0 without findings, else 1."""
    for finding in findings:
        print(finding)
    print(f"{name}: {len(findings)} findings in {checked} files")
    sys.exit(1 if findings else 0)


def root_argument():
    """The source root: the first argument, else the folder two levels above this file."""
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1]).resolve()
    return pathlib.Path(__file__).resolve().parents[2]
