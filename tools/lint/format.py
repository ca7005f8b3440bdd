# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Layout checker: our C++ and protobuf are what clang-format 14 makes of them; `--fix` rewrites."""

import os
import re
import shutil
import subprocess
import sys

from finding import Finding, report, root_argument, source_files

SKIP_EXIT_STATUS = 77
FILES_PER_CALL = 16


def check(root, tool, fix):
    """Findings (none when fixing) and the number of files."""
    files = [str(path) for path in source_files(root, (".h", ".cc", ".c", ".proto"))]
    mode = ["-i"] if fix else ["--dry-run", "-Werror"]
    running = []
    for first in range(0, len(files), FILES_PER_CALL):
        command = [tool, *mode, *files[first:first + FILES_PER_CALL]]
        running.append(subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True))
        if len(running) % (os.cpu_count() or 1) == 0:
            running[-1].wait()
    lines = [line for process in running for line in process.communicate()[1].splitlines()]
    wrong = {}
    for line in lines:
        match = re.match(r"(.+?):(\d+):\d+: error: code should be clang-formatted", line)
        if match:
            wrong.setdefault(match[1], int(match[2]))
    return [Finding(file, line, "not formatted", "run tools/lint/format.py --fix")
            for file, line in sorted(wrong.items())], len(files)


if __name__ == "__main__":
    if "--help" in sys.argv:
        print(f"usage: format.py [--fix] [ROOT]\n{__doc__}")
        sys.exit(0)
    FIX = "--fix" in sys.argv
    if FIX:
        sys.argv.remove("--fix")
    TOOL = shutil.which("clang-format-14")
    if TOOL is None:
        print("skip: no-tool: clang-format-14 is not installed (tools/setup installs it)")
        sys.exit(SKIP_EXIT_STATUS)
    report("format", *check(root_argument(), TOOL, FIX))
