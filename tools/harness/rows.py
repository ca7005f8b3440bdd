# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Which test proves which row of FEATURES: F27, N15, … Read from the sources, so nothing has to be
built.

A test says so
  in its name        TEST(SyncMap, F27_NumberedRulesDecide), F31_F33_… for several
  in the line above  // F18: what takes effect only when it is applied.   // Rows: N15, N20
  in a table         {"F80", "/system/host-name", …}: inside of it, or above it
  in its docstring   Rows: F34, F35      (Python: of a function, a class or a file)
"""

import ast
import dataclasses
import re

LAST = {"F": 166, "N": 25}
# What a test must prove by now; the others come later, or are proven as far as a test names them.
DUE = "F3-F36 F41-F43 F73-F79 F150 F153-F162 F164-F166 N15-N20"

TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")
BROKEN_TEST = re.compile(r"^(TEST(?:_F|_P)?\([^)\n]*)\n\s*", re.MULTILINE)
TABLE_ROW = re.compile(r'\{\s*(?:\.row = )?"([FN]\d+)",')
COMMENT = re.compile(r"^// (?:Rows: )?((?:[FN]\d+(?:, )?)+)(?::|\.?$)")
DOCSTRING = re.compile(r"\bRows:\s*((?:[FN]\d+[,\s]*)+)")
ROW = re.compile(r"[FN]\d+")


@dataclasses.dataclass(frozen=True, order=True)
class Proof:
    """A test, and the file that it is in."""

    path: str
    test: str


def expand(ranges):
    """"F3-F5 N15" → ["F3", "F4", "F5", "N15"]."""
    rows = []
    for words in ranges.split():
        first, _, last = words.partition("-")
        rows += [f"{first[0]}{number}"
                 for number in range(int(first[1:]), int((last or first)[1:]) + 1)]
    return rows


def all_rows():
    """Every row that there is, in order."""
    return expand(" ".join(f"{letter}1-{letter}{last}" for letter, last in LAST.items()))


def of_cc(path, text):
    """(row, Proof) of a gtest source. A file of a program of its own counts as one test."""
    waiting, inside, has_tests, found = [], None, False, []
    for line in BROKEN_TEST.sub(r"\1 ", text).splitlines():
        test = TEST.match(line)
        if test:
            inside, has_tests = Proof(path, f"{test[1]}.{test[2]}"), True
            named = [word for word in test[2].split("_") if ROW.fullmatch(word)]
            found += [(row, inside) for row in named + waiting]
            waiting = []
        elif line == "}":
            inside = None
        else:
            comment = COMMENT.match(line)
            rows = ROW.findall(comment[1]) if comment else TABLE_ROW.findall(line)
            found += [(row, inside) for row in rows if inside]
            waiting += [] if inside else rows
    if not has_tests:
        found = [(row, Proof(path, "the program")) for row in waiting]
    return found


def of_python(path, text):
    """(row, Proof) of a Python test."""
    found = []

    def look(node, name):
        for words in DOCSTRING.findall(ast.get_docstring(node) or ""):
            found.extend((row, Proof(path, name or "the program")) for row in ROW.findall(words))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
                look(child, f"{name}.{child.name}" if name else child.name)

    look(ast.parse(text), "")
    return found


def scan(root):
    """Row → sorted proofs, of all tests below root/tests."""
    proofs = {row: set() for row in all_rows()}
    for path in sorted((root / "tests").rglob("*")):
        reader = {".cc": of_cc, ".py": of_python}.get(path.suffix)
        if not reader or not path.is_file():
            continue
        for row, proof in reader(str(path.relative_to(root)), path.read_text(encoding="utf-8")):
            proofs.setdefault(row, set()).add(proof)  # A row that there is not is shown, too.
    return {row: sorted(found) for row, found in proofs.items()}


def missing(proofs):
    """Rows that are due and have no test, and rows that there are not."""
    known = set(all_rows())
    return ([row for row in expand(DUE) if not proofs.get(row)],
            [row for row in proofs if row not in known])


def lines(proofs):
    """The list, for people and for grep: a line for each row and test."""
    due = set(expand(DUE))
    for row, found in proofs.items():
        for proof in found:
            yield f"{row:5} {proof.path:60} {proof.test}"
        if not found:
            yield f"{row:5} {'MISSING' if row in due else 'later'}"


def conclusion(proofs):
    """One sentence, and whether all is well."""
    without, unknown = missing(proofs)
    due = expand(DUE)
    words = f"{len(due) - len(without)} of {len(due)} rows that are due have a test"
    if without:
        words += f"; none has {', '.join(without)}"
    if unknown:
        words += f"; there is no row {', '.join(unknown)}"
    return words, not without and not unknown
