# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""YANG checker: yanglint has nothing to say, and annotations stand where libyang keeps them.

libyang loses extension instances in typedefs, types and deviations, and moves those in groupings,
uses and augments to another node. So ours may stand in containers, lists, leaves and leaf-lists
outside of all those. Whether their arguments mean something is for the schema's own loading.
"""

import pathlib
import re
import shutil
import subprocess
import sys

from finding import Finding, report, root_argument

SKIP_EXIT_STATUS = 77
FOLDER = "configsync/yang"
ANNOTATIONS = "lockstep-annotations"
HOLDERS = frozenset("container list leaf leaf-list".split())
UNSOUND = frozenset("grouping uses augment typedef deviation choice case rpc notification".split())
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|'[^']*'|[{};]|(?:(?!//|/\*)[^\s{};"'])+""", re.DOTALL)


def statements(text):
    """(line, keyword, keywords of the statements around it) of each statement."""
    around, words, line_of_first = [], [], 0
    for match in TOKEN.finditer(text):
        token = match[0]
        if token.startswith(("//", "/*")):
            continue
        if token not in "{};":
            if not words:
                line_of_first = text.count("\n", 0, match.start()) + 1
            words.append(token)
            continue
        if token == "}":
            if around:
                around.pop()
            continue
        if words:
            yield line_of_first, words[0], tuple(around)
            if token == "{":
                around.append(words[0])
        words = []


def annotation_prefix(text):
    """Prefix that a module has for the annotations; None: it does not import them."""
    match = re.search(r"import\s+" + ANNOTATIONS + r"\s*\{[^}]*?prefix\s+\"?([\w-]+)", text)
    return match[1] if match else None


def misplaced(path, text):
    """Findings on annotations of one module."""
    prefix = annotation_prefix(text)
    if prefix is None:
        return []
    findings = []
    for line, keyword, around in statements(text):
        if not keyword.startswith(prefix + ":"):
            continue
        unsound = UNSOUND.intersection(around)
        if unsound or not around or around[-1] not in HOLDERS:
            inside = min(unsound) if unsound else around[-1] if around else "nothing"
            findings.append(Finding(path, line, f"{keyword} inside {inside}",
                                    "annotate the container, list or leaf itself"))
    return findings


def complaints(root, files, tool):
    """What yanglint says of each module, its warnings too."""
    findings = []
    for file in files:
        # -i twice: imported modules are implemented, as in the product, or conditions are skipped.
        done = subprocess.run([tool, "-D", "-i", "-i", "-p", FOLDER, str(file)], cwd=root,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        for line in done.stdout.splitlines():
            findings.append(Finding(str(file), 0, line, "yanglint must have nothing to say"))
        if done.returncode != 0 and not done.stdout.strip():
            findings.append(Finding(str(file), 0, f"yanglint ends with {done.returncode}",
                                    "run it by hand"))
    return findings


def check(root, tool):
    """Findings and the number of modules."""
    files = [path.relative_to(root) for path in sorted((root / FOLDER).glob("*.yang"))]
    findings = complaints(root, files, tool) if tool else []
    for file in files:
        findings += misplaced(str(file), (root / file).read_text(encoding="utf-8"))
    return findings, len(files)


if __name__ == "__main__":
    if "--help" in sys.argv:
        print(f"usage: yang.py [ROOT]\n{__doc__}")
        sys.exit(0)
    TOOL = shutil.which("yanglint")
    ROOT = pathlib.Path(root_argument())
    if TOOL is None and not check(ROOT, None)[0]:
        print("skip: no-tool: yanglint is not installed (tools/setup installs it)")
        sys.exit(SKIP_EXIT_STATUS)
    report("yang", *check(ROOT, TOOL))
