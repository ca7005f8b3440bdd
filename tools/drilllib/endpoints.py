# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The two ends of the traffic: lockstep-traffic in the client's and the server's namespace."""

import json
import subprocess
import threading
import time

from lablib import topology
from lablib.shell import LabError


class Endpoint:
    """One running lockstep-traffic. Its JSON lines are read by a thread: it never has to wait."""

    def __init__(self, options, role, *arguments):
        self.role = role
        self._report = None
        self._progress = {}
        self._has_ended = False  # It says nothing more.
        self._changed = threading.Condition()
        self._child = subprocess.Popen(
            self._command_line(options, role) + [*map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def _command_line(options, role):
        return ["ip", "netns", "exec", options.namespace(role),
                str(options.programs["lockstep-traffic"]), role, topology.SERVER_ROUTED,
                topology.SERVER_TRANSLATED]

    def _read(self):
        for line in self._child.stdout:
            message = json.loads(line)
            with self._changed:
                if message["type"] == "report":
                    self._report = message
                else:
                    self._progress = message
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def progress(self):
        """The latest progress line, {} before the first one."""
        with self._changed:
            return self._progress

    def wait_until_ready(self):
        """Waits for the first line, which may have been read before; a server prints no other."""
        self._wait_for_another({}, 10.0)

    def wait_for_progress(self, timeout_s=10.0):
        """Waits for the next line."""
        return self._wait_for_another(self.progress(), timeout_s)

    def _wait_for_another(self, before, timeout_s):
        with self._changed:
            self._changed.wait_for(lambda: self._progress != before or self._has_ended, timeout_s)
            if self._progress == before:
                raise LabError(f"the {self.role}'s lockstep-traffic says nothing for "
                               f"{timeout_s:.0f} s; it may have ended")
            return self._progress

    def command(self, line):
        """Sends one command line."""
        try:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
        except OSError:
            raise LabError(f"the {self.role}'s lockstep-traffic has ended early") from None

    def finish(self, timeout_s=20.0):
        """Ends the run and returns the report."""
        self.command("stop")
        self._child.stdin.close()
        self._reader.join(timeout_s)
        if self._report is None:
            raise LabError(f"the {self.role}'s lockstep-traffic gave no report "
                           f"in {timeout_s:.0f} s")
        self._child.wait(timeout_s)
        return self._report

    def kill(self):
        """Ends the program whatever it does. Harmless after finish()."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        self._reader.join()


def wait_until_steady(client, flows, on_progress, steady_s=2.0, timeout_s=30.0):
    """Waits until every lasting flow has echoed for a while. `flows` is a TrafficPlan."""
    deadline = time.monotonic() + timeout_s
    steady_since = None
    while True:
        seen = client.wait_for_progress()
        on_progress(seen)
        now = time.monotonic()
        complete = (seen["tcp_echoing"] >= flows.tcp_lasting
                    and seen["udp_echoing"] >= flows.udp_flows)
        steady_since = (steady_since or now) if complete else None
        if seen["tcp_failed"] or seen["corrupt"]:
            raise LabError(f"traffic is not clean before anything was killed: "
                           f"{seen['tcp_failed']} TCP flows failed, {seen['corrupt']} corrupt")
        if steady_since and now - steady_since >= steady_s:
            return
        if now > deadline:
            raise LabError(
                f"traffic is not steady after {timeout_s:.0f} s: {seen['tcp_echoing']} of "
                f"{flows.tcp_lasting} TCP and {seen['udp_echoing']} of {flows.udp_flows} UDP flows "
                "echo; look at `tools/lab ctl a stats`")
