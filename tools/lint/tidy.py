# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Text rules that a compiler does not know: lengths, licence lines, marks of unfinished work."""

import re
import sys

from finding import CPP_SUFFIXES, Finding, read_lines, report, root_argument, source_files

COLUMNS_MAX = 100
FILE_LINES_MAX = 700
FILE_LINES_WARN = 500
FUNCTION_LINES_MAX = 70
CODE_SUFFIXES = CPP_SUFFIXES + (".py", ".sh", ".proto")
# Captures and vectors; everything else is ours to keep tidy.
TEXT_SUFFIXES = CODE_SUFFIXES + (".build", ".md", ".txt", ".textproto", ".ini", "")

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(wo" r"rk|ro" r"ot|ho" r"me)/")
BLOCK_STARTS = re.compile(
    r"\s*(namespace|class|struct|enum|union|extern|if|for|while|switch|else|do|try|case|default)\b")


def continues(line):
    """Whether the statement on `line` goes on in the next line."""
    text = line.strip()
    return bool(text) and text[-1] not in ";{}:" and not text.startswith(("//", "#"))


def function_findings(path, lines):
    """Functions longer than the limit. Relies on the layout that clang-format gives: a body that
    starts on a line ending in `{` ends at the next `}` with the indent of its first line."""
    for end, line in enumerate(lines):
        if not line.endswith("{") or ")" not in line or "= {" in line:
            continue
        if BLOCK_STARTS.match(line):
            continue
        start = end
        while start > 0 and continues(lines[start - 1]):
            start -= 1
        if BLOCK_STARTS.match(lines[start]) or "[" in lines[start].split("(")[0]:
            continue  # A condition over several lines, or a lambda.
        indent = re.match(r"\s*", lines[start])[0]
        for last in range(end + 1, len(lines)):
            if re.fullmatch(indent + r"\}[;,)]*", lines[last].split("  //")[0].rstrip()):
                length = last - start + 1
                if length > FUNCTION_LINES_MAX:
                    rule = f"function of {length} lines (limit {FUNCTION_LINES_MAX})"
                    yield Finding(path, start + 1, rule, "split it where its comments do")
                break


def line_findings(path, suffix, lines):
    """Rules about single lines."""
    for number, line in enumerate(lines, 1):
        table = "clang-format off" in "".join(lines[max(0, number - 40):number])
        long_allowed = suffix == ".md" or table or "http://" in line or "https://" in line
        if len(line) > COLUMNS_MAX and not long_allowed and suffix in CODE_SUFFIXES + (".build",):
            yield Finding(path, number, f"{len(line)} columns (limit {COLUMNS_MAX})", "break the line")
        if line != line.rstrip() and suffix != ".md":
            yield Finding(path, number, "space at the end of the line", "remove it")
        if "\t" in line:
            yield Finding(path, number, "tab character", "use spaces")
        if UNFINISHED.search(line):
            yield Finding(path, number, "mark of unfinished work", "finish it, or open an issue")
        if MACHINE_PATH.search(line):
            yield Finding(path, number, "absolute path of one machine", "use a path relative to the source root")


def file_findings(path, suffix, lines):
    """Rules about the file as a whole."""
    is_script = bool(lines) and lines[0].startswith("#!")
    head = "\n".join(lines[:4])
    if suffix in CODE_SUFFIXES or is_script:
        if "SPDX-FileCopyrightText: The Lockstep authors" not in head or \
           "SPDX-License-Identifier: BSD-3-Clause" not in head:
            yield Finding(path, 1, "the two SPDX lines are missing", "copy them from a neighbour")
        if len(lines) > FILE_LINES_MAX:
            yield Finding(path, len(lines), f"file of {len(lines)} lines (limit {FILE_LINES_MAX})",
                          "one idea per file: split it")
    if suffix == ".h" and "#pragma once" not in lines:
        yield Finding(path, 1, "header without #pragma once", "add it below the file comment")


def check(root):
    """All findings under `root` and the number of files looked at."""
    findings, checked = [], 0
    for path in source_files(root):
        lines = read_lines(root, path) if path.suffix in TEXT_SUFFIXES else None
        if lines is None:
            continue
        checked += 1
        name = str(path)
        findings += file_findings(name, path.suffix, lines)
        findings += line_findings(name, path.suffix, lines)
        if path.suffix in (".h", ".cc"):
            findings += function_findings(name, lines)
            if FILE_LINES_WARN < len(lines) <= FILE_LINES_MAX:
                print(f"{name}: note: {len(lines)} lines, more than {FILE_LINES_WARN}")
    return findings, checked


if __name__ == "__main__":
    if "--help" in sys.argv:
        print(f"usage: tidy.py [ROOT]\n{__doc__}")
        sys.exit(0)
    report("tidy", *check(root_argument()))
