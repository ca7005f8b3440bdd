# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Hostile frames on the state link are counted and change nothing.

They are sent from the peer's end of the link with the peer's own addresses, so that only the seal
tells them from the peer's. HA2 runs over af_packet, where the pair's own frames can be recorded.
"""

import random
import socket
import struct
import subprocess
import sys

from story import Story, main, topology

UDP_PORT = 4799
ROUNDS = 3
PACKET_NUMBER_AT = 14 + 20 + 8 + 8  # Behind the Ethernet, IPv4 and UDP headers: ClearHeader.

# Runs in the peer's namespace: sends each line of hexadecimal on its input as one frame.
SENDER = """
import socket, sys
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
link.bind(("ha2", 0))
for line in sys.stdin:
    link.send(bytes.fromhex(line))
"""

# Runs in the node's namespace: prints frames that arrive on HA2.
LISTENER = """
import socket
link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
link.bind(("ha2", 0))
link.settimeout(5)
for _ in range(200):
    print(link.recv(4096).hex())
"""


def checksum(header):
    """Of an IPv4 header."""
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame_of(source, destination, payload):
    """Ethernet frame with a UDP datagram to the HA2 port, to the broadcast MAC."""
    udp = struct.pack(">HHHH", UDP_PORT, UDP_PORT, 8 + len(payload), 0) + payload
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                         socket.inet_aton(source), socket.inet_aton(destination))
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return b"\xff" * 6 + bytes.fromhex("020000000099") + b"\x08\x00" + header + udp


# Each kind of garbage sent has to show in its own counter.
REASONS = ("seal.bad-magic", "seal.bad-seal", "seal.replayed")


class GarbageOnHa2(Story):
    options = {"ha2": "af_packet"}

    def test_is_counted_and_changes_nothing(self):
        active, standby = self.start_both()
        self.fill(active, 1_000)
        self.assert_dumps_agree()
        before = self.dumps()[active]
        counters_before = self.rejected(active)

        frames = list(self.garbage(active)) + self.replayed(active)
        self.send(standby, frames)

        for reason in REASONS:
            self.wait_for(f"rejected frames in {reason}",
                          lambda: self.rejected(active)[reason] > counters_before[reason])
        self.assertTrue(self.lab.is_running(active) and self.lab.is_running(standby))
        self.lab.wait_until_ready()
        self.assertEqual(before, self.dumps()[active])
        self.assert_dumps_agree()

    def garbage(self, target):
        """Every length in steps, random content, and the right first bytes with random rest."""
        chance = random.Random(1)
        source = topology.peer_of(target).ha2_address
        destination = topology.NODES[target].ha2_address
        for _ in range(ROUNDS):
            for size in [*range(0, 128), *range(128, 1472, 61)]:
                yield frame_of(source, destination, chance.randbytes(size))

    def replayed(self, node):
        """Frames of the pair itself: as seen on the wire, and with a packet number to come."""
        script = [sys.executable, "-c", LISTENER]
        seen = self.lab.in_node_network(node, *script).splitlines()
        turned = []
        for line in seen:
            frame = bytearray.fromhex(line)
            frame[PACKET_NUMBER_AT + 4] ^= 1
            turned.append(bytes(frame))
        return [bytes.fromhex(line) for line in seen] + turned

    def send(self, node, frames):
        """Sends frames from a node's end of HA2."""
        subprocess.run(["ip", "netns", "exec", self.lab.options.namespace(node), sys.executable,
                        "-c", SENDER], input="\n".join(frame.hex() for frame in frames) + "\n",
                       text=True, check=True, timeout=30)

    def rejected(self, node):
        """Counters of frames that the seal refused, by reason."""
        counters = self.lab.control[node].counters()
        return {reason: counters.get(reason, 0) for reason in REASONS}


if __name__ == "__main__":
    main()
