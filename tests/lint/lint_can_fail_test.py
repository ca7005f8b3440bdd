# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Each checker is shown what breaks each of its rules: one that cannot fail proves nothing."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, sys.argv.pop(1))

import headers  # noqa: E402  (The path comes from the command line.)
import layers  # noqa: E402
import symbols  # noqa: E402
import tidy  # noqa: E402
import yang  # noqa: E402

SPDX = ("// SPDX-FileCopyrightText: The Lockstep authors\n"
        "// SPDX-License-Identifier: BSD-3-Clause\n")


class TreeTest(unittest.TestCase):
    """A temporary source tree."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.root = pathlib.Path(self._folder.name)

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


class Layers(TreeTest):
    """Rules of layers.py."""

    BROKEN = (
        ("statesync/a.cc", "#include <rte_mbuf.h>"),
        ("statesync/a.cc", "#include <sys/socket.h>"),
        ("statesync/a.cc", "#include <chrono>"),
        ("statesync/a.cc", '#include "absl/log/log.h"'),
        ("statesync/a.cc", '#include "dataplane/core/packet.h"'),
        ("dataplane/core/a.h", "#include <rte_mbuf.h>"),
        ("dataplane/core/a.h", "#include <grpcpp/grpcpp.h>"),
        ("dataplane/core/a.h", '#include "dataplane/dpdk/worker.h"'),
        ("dataplane/core/a.h", "#include <thread>"),
        ("dataplane/ha/a.cc", "#include <grpcpp/grpcpp.h>"),
        ("dataplane/ha/a.cc", '#include "proto/control.grpc.pb.h"'),
        ("dataplane/config/a.cc", "#include <rte_eal.h>"),
        ("dataplane/dpdk/a.cc", '#include "dataplane/control/service.h"'),
        ("dataplane/dpdk/a.cc", "#include <grpcpp/grpcpp.h>"),
        ("dataplane/control/a.cc", "#include <rte_eal.h>"),
        ("dataplane/main.cc", '#include "tests/sim/world.h"'),
        ("dataplane/main.cc", '#include "bench/bench.h"'),
        ("tools/lockstepctl/a.cc", '#include "dataplane/dpdk/worker.h"'),
        ("statesync/a.cc", '#include "types.h"'),
        ("configsync/tree/a.cc", '#include "configsync/schema/schema.h"'),
        ("configsync/tree/a.cc", "#include <sqlite3.h>"),
        ("configsync/tree/a.cc", "#include <chrono>"),
        ("configsync/schema/path.cc", '#include "configsync/tree/tree.h"'),
        ("configsync/schema/schema_node.h", "#include <libyang/libyang.h>"),
        ("configsync/schema/a.cc", '#include "configsync/store/store.h"'),
        ("configsync/schema/a.cc", "#include <sqlite3.h>"),
        ("configsync/store/a.cc", "#include <libyang/libyang.h>"),
        ("configsync/store/a.cc", '#include "configsync/engine/engine.h"'),
        ("configsync/engine/a.cc", "#include <grpcpp/grpcpp.h>"),
        ("configsync/engine/a.cc", "#include <nlohmann/json.hpp>"),
        ("configsync/engine/a.cc", '#include "configsync/follow/follower.h"'),
        ("configsync/follow/a.cc", '#include "configsync/engine/engine.h"'),
        ("configsync/admin/a.cc", '#include "configsync/follow/follower.h"'),
        ("configsync/main.cc", '#include "dataplane/dpdk/worker.h"'),
        ("dataplane/main.cc", '#include "configsync/tree/tree.h"'),
    )
    SOUND = (
        ("statesync/a.cc", '#include "statesync/types.h"'),
        ("statesync/a.cc", '#include "absl/status/status.h"'),
        ("statesync/ensure.cc", "#include <cstdio>"),
        ("dataplane/dpdk/a.cc", "#include <rte_mbuf.h>"),
        ("dataplane/control/a.cc", "#include <grpcpp/grpcpp.h>"),
        ("dataplane/main.cc", '#include "dataplane/dpdk/worker.h"'),
        ("tests/unit/a.cc", '#include "dataplane/core/packet.h"'),
        ("configsync/tree/a.cc", "#include <openssl/evp.h>"),
        ("configsync/tree/a.cc", '#include "configsync/schema/problem_codes.h"'),
        ("configsync/schema/a.cc", "#include <libyang/libyang.h>"),
        ("configsync/schema/a.cc", "#include <nlohmann/json.hpp>"),
        ("configsync/store/a.cc", "#include <sqlite3.h>"),
        ("configsync/follow/a.cc", '#include "configsync/engine/dataplane.h"'),
        ("configsync/main.cc", '#include "configsync/follow/follower.h"'),
    )

    def test_broken_arrows_are_found(self):
        for path, line in self.BROKEN:
            with self.subTest(path=path, line=line):
                self.setUp()
                self.write(path, f"\n{line}\n")
                findings, checked = layers.check(self.root)
                self.assertEqual([(f.file, f.line) for f in findings], [(path, 2)])
                self.assertEqual(checked, 1)

    def test_sound_arrows_are_not(self):
        for path, line in self.SOUND:
            with self.subTest(path=path, line=line):
                self.setUp()
                self.write(path, f"{line}\n")
                self.assertEqual(layers.check(self.root)[0], [])


class Tidy(TreeTest):
    """Rules of tidy.py."""

    def findings(self, text, path="statesync/a.cc"):
        self.write(path, text)
        return [str(finding) for finding in tidy.check(self.root)[0]]

    def test_sound_file_has_no_findings(self):
        self.assertEqual(self.findings(SPDX + "int Sound() { return 1; }\n"), [])

    def test_each_rule_fires(self):
        mark, body = "TO" + "DO", "  f();\n" * 80 + "}\n"
        for text, rule in (
                (SPDX + "// " + "x" * 100, "columns"),
                (SPDX + "int a; \n", "space at the end"),
                (SPDX + "\tint a;\n", "tab"),
                (SPDX + f"// {mark}: later\n", "unfinished"),
                (SPDX + "// see /" + "work/x\n", "absolute path"),
                ("int a;\n", "SPDX"),
                (SPDX + "int a;\n" * 800, "file of"),
                (SPDX + "void F() {\n" + body, "function of 82"),
                (SPDX + "void F(int a,\n       int b) {\n" + body, "function of 83"),
        ):
            with self.subTest(rule=rule):
                found = self.findings(text)
                self.assertEqual(len(found), 1, found)
                self.assertIn(rule, found[0])

    def test_header_needs_pragma_once(self):
        self.assertIn("pragma once", self.findings(SPDX + "int a;\n", "statesync/a.h")[0])

    def test_a_table_may_be_wide(self):
        table = f"// clang-format off\n// {'x' * 120}\n"
        self.assertEqual(self.findings(SPDX + table), [])


class Symbols(TreeTest):
    """symbols.py, on an archive that really calls what it must not."""

    CALLS = """
#include <chrono>
#include <cstdlib>
#include <sys/socket.h>
long A() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
int B() { return std::rand(); }
int C() { return socket(1, 2, 3); }
int D(int x) { return x + 1; }
"""

    def archive(self, text):
        self.write("a.cc", text)
        command = "g++ -std=c++20 -c a.cc -o a.cc.o && ar rcs a.a a.cc.o"
        subprocess.run(command, shell=True, check=True, cwd=self.root)
        return str(self.root / "a.a")

    def test_each_forbidden_call_is_found(self):
        found = " ".join(str(finding) for finding in symbols.check(self.archive(self.CALLS))[0])
        for what in ("a clock", "a random source", "a socket"):
            self.assertIn(what, found)

    def test_pure_code_passes(self):
        self.assertEqual(symbols.check(self.archive("int D(int x) { return x + 1; }"))[0], [])


class Yang(TreeTest):
    """Rules of yang.py; yanglint itself is asked where it is installed."""

    MODULE = """module lockstep-x {{
  yang-version 1.1;
  namespace "urn:x";
  prefix x;
  import lockstep-annotations {{ prefix "ls"; }}
  {body}
}}
"""
    MISPLACED = (
        "ls:sync shared;",
        "grouping g { leaf a { ls:secret; type string; } }",
        "container c { uses g { ls:sync shared; } }",
        "augment /y:z { ls:sync shared; }",
        "typedef t { ls:secret; type string; }",
        "container c { leaf a { type string { ls:secret; } } }",
        "container c { choice d { case e { leaf a { ls:secret; type string; } } } }",
        "deviation /y:z { deviate add { ls:sync shared; } }",
    )
    SOUND = (
        "container c { ls:sync shared; leaf a { type string; ls:secret; } }",
        'list l { key "k"; /* grouping { */ ls:sync "shared"; leaf k { type string; } }',
        "container c { description 'ls:sync } grouping g {'; leaf-list a { ls:sync \"unique\"; } }",
    )

    def findings(self, body):
        return yang.misplaced("x.yang", self.MODULE.format(body=body))

    def test_each_misplaced_annotation_is_found(self):
        for body in self.MISPLACED:
            with self.subTest(body):
                self.assertEqual(len(self.findings(body)), 1)

    def test_annotations_of_nodes_pass(self):
        for body in self.SOUND:
            with self.subTest(body):
                self.assertEqual(self.findings(body), [])

    def test_what_yanglint_says_is_a_finding(self):
        tool = shutil.which("yanglint")
        if tool is None:
            self.skipTest("yanglint is not installed")
        module = "module lockstep-x { namespace 'urn:x'; prefix x; leaf a { type strnig; } }"
        self.write("configsync/yang/lockstep-x.yang", module)
        self.assertTrue(yang.check(self.root, tool)[0])


class Headers(TreeTest):
    """headers.py, on a header that relies on its neighbour."""

    def findings(self, text):
        self.write("statesync/a.h", text)
        arguments = ["--root", str(self.root), "--work", str(self.root / "work")]
        options = headers.parse_arguments(arguments)
        return headers.check(options, options.work, ["statesync"])[0]

    def test_a_header_without_its_include_is_found(self):
        found = self.findings("#pragma once\ninline std::uint8_t a = 1;\n")
        self.assertIn("does not stand alone", str(found[0]))

    def test_a_header_without_pragma_once_is_found(self):
        self.assertEqual(len(self.findings("struct A {};\n")), 1)

    def test_a_sound_header_passes(self):
        sound = "#pragma once\n#include <cstdint>\ninline std::uint8_t a = 1;\n"
        self.assertEqual(self.findings(sound), [])


if __name__ == "__main__":
    unittest.main()
