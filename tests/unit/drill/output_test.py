# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""The shapes other programs read: JSON object, SVG, node files, captures."""

import json
import re
import struct
import sys
import unittest
from xml.etree import ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))

from drilllib import capture, plot, summary  # noqa: E402
from drilllib.judge import judge  # noqa: E402
from lablib import configuration, nodefile, topology  # noqa: E402
from reports import KILL_NS, SERVER_REPORT, client_report  # noqa: E402


def run():
    return judge(KILL_NS, client_report(), SERVER_REPORT, [])


def shape_of(value):
    if isinstance(value, dict):
        return {key: shape_of(inner) for key, inner in value.items()}
    return None


class Json(unittest.TestCase):
    def test_has_exactly_the_promised_keys(self):
        figures = summary.as_json("kill", [run()], run(), passed=True)
        self.assertEqual({
            "drill": None,
            "tcp": dict.fromkeys(("opened", "survived", "resets", "corrupt", "young")),
            "udp": dict.fromkeys(("flows", "lost")),
            "sessions": dict.fromkeys(("active", "standby")),
            "readiness": None, "exposure": dict.fromkeys(("changes", "age_us")),
            "detect_ms": None, "takeover_ms": None, "outage_ms": dict.fromkeys(("p50", "max")),
            "tcp_stall_ms": {"max": None},
            "control": dict.fromkeys(("tcp_survived", "new_connections_pass")),
            "verdict": None}, shape_of(figures))

    def test_commit_before_forward_has_an_object_of_its_own(self):
        one = run()
        one.commit_before_forward = True
        one.pair.commit = {"held": 3, "held_confirmed": 3}
        figures = summary.as_json("kill", [one, one], one, passed=True)["commit_before_forward"]
        self.assertEqual({"held": 6, "held_confirmed": 6}, figures["counters"])
        self.assertEqual({"p50": 1.0, "max": 1.0}, figures["setup_ms"])
        self.assertEqual({"p50": 1.0, "max": 1.0}, figures["setup_ms_control"])
        self.assertEqual((0, 0), (figures["young"], figures["young_survived"]))

    def test_adds_the_runs_up(self):
        figures = summary.as_json("kill", [run(), run()], None, passed=False)
        self.assertEqual(400, figures["tcp"]["opened"])
        self.assertIsNone(figures["control"])
        self.assertEqual("fail", figures["verdict"])


class Plot(unittest.TestCase):
    def test_is_well_formed_xml(self):
        ElementTree.fromstring(plot.svg_of(run()))

    def test_a_run_without_samples_can_be_drawn(self):
        empty = run()
        for name in ("tcp_bytes", "udp_echoes", "connections"):
            empty.samples[name] = []
        ElementTree.fromstring(plot.svg_of(empty))

    def test_axis_limits_are_round(self):
        self.assertEqual([1, 2.5, 10, 50, 100],
                         [plot.nice_ceiling(value) for value in (0.9, 2.1, 7, 43, 100)])


class Capture(unittest.TestCase):
    def test_reads_times_and_ports(self):
        header = struct.pack("<IHHiIII", capture.MAGIC_NANOS, 2, 4, 0, 0, 96, 1)
        ip_header = bytes([0x45]) + bytes(15) + bytes([10, 2, 0, 200])
        frame = bytes(14) + ip_header + struct.pack(">HH", 30001, 7000) + bytes(16)
        record = struct.pack("<IIII", 50, 123, len(frame), len(frame)) + frame
        syn, = capture.parse(header + record, offset_ns=40 * 10**9)
        self.assertEqual(capture.Syn(10 * 10**9 + 123, 30001, "10.2.0.200", 7000), syn)

    def test_a_cut_file_gives_what_is_whole(self):
        header = struct.pack("<IHHiIII", capture.MAGIC_NANOS, 2, 4, 0, 0, 96, 1)
        self.assertEqual([], capture.parse(header + bytes(7), 0))


class NodeFile(unittest.TestCase):
    def test_nodes_differ_in_what_must_differ(self):
        options = topology.LabOptions(prefix="t")
        text_a, text_b = (nodefile.text_of(options, name) for name in ("a", "b"))
        self.assertIn("index: 0", text_a)
        self.assertIn("index: 1", text_b)
        self.assertIn('local_address: "10.9.1.1" peer_address: "10.9.1.2"', text_a)
        self.assertIn('local_address: "10.9.1.2" peer_address: "10.9.1.1"', text_b)

    def test_commit_before_forward_is_asked_for_in_every_rule(self):
        options = topology.LabOptions(prefix="t", commit_before_forward=True)
        text = nodefile.text_of(options, "a")
        self.assertEqual(text.count("action: PERMIT"), text.count("commit_before_forward {}"))
        self.assertNotIn("commit", nodefile.text_of(topology.LabOptions(prefix="t"), "a"))

    def test_a_second_state_link_has_a_device_and_addresses_of_its_own(self):
        for driver in ("af_xdp", "af_packet"):
            options = topology.LabOptions(prefix="t", ha2=driver, ha2_links=2)
            one, other = nodefile.text_of(options, "a"), nodefile.text_of(options, "b")
            self.assertIn("ha2_second {", one)
            self.assertIn("iface=ha3", one)
            self.assertIn('local_address: "10.9.3.1" peer_address: "10.9.3.2"', one)
            self.assertIn('local_address: "10.9.3.2" peer_address: "10.9.3.1"', other)
        self.assertNotIn("ha2_second", nodefile.text_of(topology.LabOptions(prefix="t"), "a"))

    def test_a_node_with_configd_has_its_forwarding_as_a_configuration(self):
        options = topology.LabOptions(prefix="t", configd=True, commit_before_forward=True)
        plain = nodefile.text_of(topology.LabOptions(prefix="t", commit_before_forward=True), "a")
        text = nodefile.text_of(options, "a")
        self.assertNotIn("forwarding {", text)
        words = json.dumps(configuration.configuration_of(options, "a"))
        self.assertEqual(plain.count("commit_before_forward"), words.count("commit-before-forward"))
        said = re.findall(r'"[0-9]+\.[0-9./]+"|"[a-z]+"', plain.split("forwarding {")[1]
                          .split("tables {")[0])
        for word in said:
            self.assertIn(word, words)

    def test_replication_can_be_switched_off(self):
        options = topology.LabOptions(prefix="t", replication=False)
        self.assertIn("state_sync: false", nodefile.text_of(options, "a"))


if __name__ == "__main__":
    unittest.main()
