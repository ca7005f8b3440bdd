# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Every header stands alone: one source file is generated per header and compiled without code.

The compiler call goes through ccache where it is installed, so a second run costs almost nothing.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

from finding import Finding, report

# Headers that pull in gRPC cost five seconds each and are compiled by their own .cc first anyway.
FOLDERS = ("statesync", "dataplane/core", "dataplane/crypto", "dataplane/config", "dataplane/ha",
           "dataplane/bpf", "configsync/schema", "configsync/tree", "configsync/store",
           "configsync/engine")


def compile_header(options, work, header):
    """Finding for a header that does not compile alone, or None."""
    source = work / (str(header).replace("/", "_") + ".cc")
    text = f'#include "{header}"\n#include "{header}"  // Twice: it must be idempotent.\n'
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    command = [*options.compiler, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror"]
    command += ["-I", str(options.root)]
    command += [argument for folder in options.include for argument in ("-I", folder)]
    command += ["-c", str(source), "-o", str(source) + ".o"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    lines = done.stderr.splitlines()
    first = next((line for line in lines if "error" in line), done.stderr.strip())
    return Finding(str(header), 0, f"does not stand alone: {first}", "include what it uses")


def check(options, work, folders):
    """Findings over the headers of `folders` and their number."""
    headers = [path.relative_to(options.root)
               for folder in folders for path in sorted((options.root / folder).rglob("*.h"))]
    work.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = pool.map(lambda header: compile_header(options, work, header), headers)
        return [finding for finding in results if finding], len(headers)


def parse_arguments(arguments):
    """Command line of this checker."""
    parser = argparse.ArgumentParser(description=__doc__)
    default_root = pathlib.Path(__file__).resolve().parents[2]
    parser.add_argument("--root", type=pathlib.Path, default=default_root)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="for generated files")
    parser.add_argument("--include", action="append", default=[], help="further include folder")
    parser.add_argument("--folder", action="append", help="checked instead of the usual ones")
    parser.add_argument("--compiler", default="g++")
    options = parser.parse_args(arguments)
    options.compiler = [options.compiler]
    if shutil.which("ccache"):
        options.compiler.insert(0, "ccache")
    return options


if __name__ == "__main__":
    OPTIONS = parse_arguments(sys.argv[1:])
    report("headers", *check(OPTIONS, OPTIONS.work, OPTIONS.folder or FOLDERS))
