# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Captures HA1, decrypts it with the keys that the nodes wrote, and looks for secrets: in what was
on the wire, in what was inside of TLS, in logs, in stores."""

import base64
import re
import signal
import subprocess
import time
from pathlib import Path

from lablib.shell import LabError, run

HEX_LINE = re.compile(r"^\t?([0-9a-f]+)$")
FILE_BYTES_MAX = 256 << 20


class WireCapture:
    """tcpdump in a namespace, from now until finish()."""

    def __init__(self, namespace, interface, path):
        self.path = Path(path)
        self._child = subprocess.Popen(
            ["ip", "netns", "exec", namespace, "tcpdump", "--immediate-mode", "-i", interface,
             "-U", "-Z", "root", "-w", str(self.path), "tcp"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self._child.stderr.readline()
        while line and "listening" not in line:
            line = self._child.stderr.readline()
        if not line:
            raise LabError("tcpdump does not start; run tools/setup")

    def finish(self):
        """Ends it, and returns the path of the capture."""
        time.sleep(0.3)  # What is on the way reaches the file.
        self.kill()
        return self.path

    def kill(self):
        """Ends it; harmless when it has ended."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)
        self._child.wait()
        self._child.stderr.close()


def tcp_bytes(pcap):
    """Payload of all TCP segments, as they were on the wire, and how many streams there were."""
    text = run("tshark", "-r", pcap, "-T", "fields", "-e", "tcp.payload", "-Y", "tcp.len > 0",
               timeout_s=300)
    return b"".join(bytes.fromhex(line.replace(":", "")) for line in text.split() if line)


def payload_bytes(pcap):
    """Their number alone, in both directions."""
    text = run("tshark", "-r", pcap, "-T", "fields", "-e", "tcp.len", "-Y", "tcp.len > 0",
               timeout_s=300)
    return sum(int(line) for line in text.split())


def decrypted(pcap, keys, port):
    """What was inside of TLS: bytes of all streams, and how many streams could be opened."""
    options = ["-o", f"tls.keylog_file:{keys}", "-d", f"tcp.port=={port},tls"]
    text = run("tshark", "-r", pcap, *options, "-T", "fields", "-e", "tcp.stream",
               "-Y", "tls.handshake.type == 1", timeout_s=300)
    opened, parts = 0, []
    for stream in sorted({int(word) for word in text.split()}):
        words = run("tshark", "-r", pcap, *options, "-q", "-z", f"follow,tls,raw,{stream}",
                    timeout_s=300)
        inside = b"".join(bytes.fromhex(match[1]) for match in map(HEX_LINE.match,
                                                                   words.splitlines()) if match)
        opened += bool(inside)
        parts.append(inside)
    return b"\n".join(parts), opened


def forms_of(secret):
    """Ways in which a secret could be written: as it is, in hexadecimal, in base64 at any of its
    three alignments."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    forms = [raw, raw.hex().encode(), raw.hex().upper().encode()]
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + raw).decode()
        first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
        forms.append(coded[first:last].encode())
    return [form for form in forms if len(form) >= 8]


def leaks_in(where, data, secrets):
    """One sentence for each secret (name → value) that stands in data."""
    return [f"{name} is in {where}" for name, value in secrets.items()
            if any(form in data for form in forms_of(value))]


def leaks_in_folder(folder, secrets, but=()):
    """The same, for every file below a folder, but those whose name is in `but`."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and not set(path.parts) & set(but):
            if path.stat().st_size > FILE_BYTES_MAX:
                raise LabError(f"{path}: {path.stat().st_size} bytes, too big to be looked through")
            found += leaks_in(str(path.relative_to(folder)), path.read_bytes(), secrets)
    return found
