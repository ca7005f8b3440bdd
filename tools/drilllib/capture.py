# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Captures every first SYN on the client's wire: a survivor must not have connected anew.

The traffic program could only claim this of itself; a capture shows it."""

import struct
import subprocess
import time
from dataclasses import dataclass

from lablib.shell import LabError

FILTER = "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn"
MAGIC_NANOS, MAGIC_MICROS = 0xA1B23C4D, 0xA1B2C3D4
ETHERNET_BYTES = 14


@dataclass(frozen=True)
class Syn:
    """One SYN; the time is of the monotonic clock."""

    at_ns: int
    source_port: int
    destination: str
    destination_port: int


class SynCapture:
    """tcpdump on the client's interface while it exists."""

    def __init__(self, options, path):
        self._path = path
        self._child = subprocess.Popen(
            ["ip", "netns", "exec", options.namespace("client"), "tcpdump", "-i", "lan0", "-n",
             "-p", "-U", "-w", str(path), "-s", "96", "-B", "4096", "--nano", "-Z", "root", FILTER],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self._child.stderr.readline()  # "listening on …": from here on nothing is missed.
        if "listening on" not in line:
            self.kill()
            raise LabError(f"tcpdump: {line.strip() or 'ended at once'}")

    def finish(self):
        """Stops and returns the SYNs. Raises LabError if the kernel dropped any."""
        self._child.terminate()
        words = self._child.communicate(timeout=10)[1]
        for line in words.splitlines():
            if "dropped by kernel" in line and not line.startswith("0 "):
                raise LabError(f"capture of SYNs is incomplete: {line}")
        return parse(self._path.read_bytes(), realtime_offset_ns())

    def kill(self):
        """Ends tcpdump whatever it does. Harmless after finish()."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        self._child.stderr.close()


def realtime_offset_ns():
    """What to take from a time of the capture (wall clock) to get the monotonic clock."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()


def parse(capture, offset_ns):
    """SYNs in the bytes of a pcap file of Ethernet frames."""
    magic, = struct.unpack_from("<I", capture, 0)
    if magic not in (MAGIC_NANOS, MAGIC_MICROS):
        raise LabError(f"capture: unknown magic {magic:#x}")
    unit_ns = 1 if magic == MAGIC_NANOS else 1000
    syns, at = [], 24
    while at + 16 <= len(capture):
        seconds, fraction, kept, _ = struct.unpack_from("<IIII", capture, at)
        frame = capture[at + 16:at + 16 + kept]
        at += 16 + kept
        if len(frame) < ETHERNET_BYTES + 40:
            continue
        header_bytes = (frame[ETHERNET_BYTES] & 0x0F) * 4
        destination = ".".join(map(str, frame[ETHERNET_BYTES + 16:ETHERNET_BYTES + 20]))
        ports = struct.unpack_from(">HH", frame, ETHERNET_BYTES + header_bytes)
        wall_ns = seconds * 1_000_000_000 + fraction * unit_ns
        syns.append(Syn(wall_ns - offset_ns, ports[0], destination, ports[1]))
    return syns
