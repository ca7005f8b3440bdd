# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Every field that wiredump prints of a capture, tshark with lockstep.lua shows with that value.

Usage: dissector_test.py SAMPLE_PROGRAM WIREDUMP LOCKSTEP_LUA [unittest arguments]
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SAMPLE, WIREDUMP, LUA = sys.argv[1:4]
del sys.argv[1:4]


def run(*words):
    return subprocess.run(words, check=False, capture_output=True, text=True)


def values_of(tree, found):
    """Field → values in order, of tshark's JSON with duplicate keys kept as lists of pairs."""
    for key, value in tree:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            values_of(value, found)
        elif isinstance(value, str):
            found.setdefault(key, []).append(value)
    return found


def normal(value):
    """A value without the form in which it is written."""
    text = str(value).replace(":", "")
    return str(int(text, 16)) if text.startswith("0x") else text


class Dissector(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = Path(cls.folder.name)
        run(SAMPLE, folder)
        wiredump = run(WIREDUMP, folder / "sample.pcap", "--keys", folder / "sample.keys", "--json",
                       "--export-plain", folder / "plain.pcap")
        assert wiredump.returncode == 0, wiredump.stderr
        cls.told = [json.loads(line) for line in wiredump.stdout.splitlines()][:-1]
        cls.plain = cls.dissect(folder / "plain.pcap")
        cls.sealed = cls.dissect(folder / "sample.pcap")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def dissect(capture):
        tshark = run("tshark", "-X", f"lua_script:{LUA}", "-n", "-r", capture, "-Y", "lockstep",
                     "-T", "json")
        assert tshark.returncode == 0, tshark.stderr
        assert "Lua" not in tshark.stderr, tshark.stderr
        packets = json.loads(tshark.stdout, object_pairs_hook=lambda pairs: pairs)
        return [values_of(packet, {}) for packet in packets]

    def test_sees_every_datagram(self):
        self.assertEqual(len(self.told), len(self.plain))
        self.assertEqual(len(self.told), len(self.sealed))

    def test_shows_what_wiredump_shows(self):
        compared = 0
        for told, shown in zip(self.told, self.plain):
            wanted = [("hello", [told["hello"]])] if "hello" in told else []
            if "frame" in told:
                wanted.append(("frame_header", [told["frame"]]))
            for section in told.get("sections", []):
                wanted.append((None, section["records"]))
            for struct, records in wanted:
                compared += self.compare(struct, records, shown)
        self.assertGreater(compared, 250)

    def compare(self, struct, records, shown):
        compared = 0
        for name in records[0] if records else ():
            keys = [key for key in shown
                    if key.startswith("lockstep.") and key.endswith("." + name)
                    and (key == f"lockstep.{struct}.{name}" if struct else
                         key.split(".")[1] not in ("frame_header", "section_header",
                                                   "clear_header"))]
            self.assertEqual(1, len(keys), f"{struct} {name} in {sorted(shown)}")
            for record, value in zip(records, shown[keys[0]], strict=True):
                told = record[name]
                if not isinstance(told, int) and not re.match(r"^[0-9a-fx.]+$", told):
                    continue  # A name: tshark writes its number, which the schema test compares.
                self.assertEqual(normal(told), normal(value), keys[0])
                compared += 1
        return compared

    def test_names_what_breaks_the_format_and_nothing_else(self):
        for shown in self.plain + self.sealed:
            self.assertFalse([key for key in shown if "expert" in key], shown)

    def test_shows_what_link_reports_say(self):
        reports = 0
        for told, shown in zip(self.told, self.plain):
            for name, heard in told.get("hears", {}).items():
                self.assertIn(shown[f"lockstep.link_report.{name}"][0].lower(),
                              ("1", "true") if heard else ("0", "false"), shown)
                reports += 1
        self.assertEqual(8, reports)

    def test_sealed_frames_show_their_clear_header(self):
        sealed = [shown for shown in self.sealed if "lockstep.sealed" in shown]
        self.assertEqual(len(self.told) - 1, len(sealed))
        for told, shown in zip([told for told in self.told if "hello" not in told], sealed):
            self.assertEqual(["3"], shown["lockstep.clear_header.phase"])
            self.assertEqual([str(told["clear"]["epoch"])], shown["lockstep.clear_header.epoch"])


if __name__ == "__main__":
    if shutil.which("tshark") is None:
        print("skip: no-large-tool: tshark is not installed (apt-get install tshark)")
        sys.exit(77)
    unittest.main(verbosity=2)
