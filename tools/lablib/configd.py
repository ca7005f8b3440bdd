# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Starts lockstep-configd, in a node of the lab or alone, and asks it through lockstepctl."""

import json
import subprocess
import time

from .programs import REPOSITORY
from .shell import LabError, run

SOCKET = "admin.sock"
START_TIMEOUT_S = 20.0
REFUSED = 3  # Exit status of lockstepctl: a commit has problems, nothing has changed.


def arguments_of(program, folder, dataplane_socket, ha1=(), tls_keys=False):
    """The command line of a configd that keeps everything in `folder`. It listens for other nodes
    on the addresses `ha1`; with `tls_keys` a capture of HA1 can be decrypted by FOLDER/ha1.keys."""
    peers = [word for address in ha1 for word in ("--ha1", address)]
    keys = ["--debug-tls-keys", str(folder / "ha1.keys")] if tls_keys else []
    return [str(program), "--name", folder.name,
            "--state-dir", str(folder / "state"), "--run-dir", str(folder),
            "--yang-dir", str(REPOSITORY / "configsync" / "yang"),
            "--dataplane", str(dataplane_socket), *peers, *keys]


class ConfigControl:
    """The admin socket of one configd."""

    def __init__(self, programs, folder, name="alone"):
        self.name = name
        self._lockstepctl = programs["lockstepctl"]
        self.socket = folder / SOCKET

    def command(self, *words):
        """The command line of a call."""
        return [str(self._lockstepctl), "--socket", str(self.socket), *words]

    def text(self, *words, timeout_s=60):
        """Output of a call. Raises LabError if it fails, or if what it asks for is refused."""
        return run(*self.command(*words), timeout_s=timeout_s)

    def json(self, *words, timeout_s=60, statuses=(0, REFUSED)):
        """The same, parsed. A refusal is an answer, too: it has `problems`."""
        argv = self.command(*words, "--json")
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout_s, check=False)
        if done.returncode not in statuses:
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise LabError(f"configd {self.name}: {' '.join(words)}: exit {done.returncode}: "
                           f"{last}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            raise LabError(f"configd {self.name}: `{' '.join(words)} --json` is not JSON: "
                           f"{done.stdout[:80]!r}") from None

    def status(self):
        """Status. 64-bit numbers may be strings in it: see control.number()."""
        return self.json("config", "status")

    def status_or_none(self):
        """Status, or None while it does not answer."""
        try:
            return self.status()
        except LabError:
            return None

    def commit(self, comment, *options):
        """Commits the candidate. Returns the outcome; raises LabError if it is refused."""
        outcome = self.json("config", "commit", "--comment", comment, *options)
        problems = outcome.get("problems", {}).get("list", [])
        if problems:
            first = problems[0]
            raise LabError(f"configd {self.name}: commit \"{comment}\": {first.get('code')} "
                           f"{first.get('path')}: {first.get('text')}")
        return outcome

    def load(self, configuration, verb="load"):
        """Makes the candidate what `configuration` (RFC 7951, a dict) says; or merges it. Never by
        a file, which would hold its secrets."""
        run(*self.command("config", verb, "-"), stdin=json.dumps(configuration), timeout_s=120)

    def wait_until_up(self, is_running, log_path, timeout_s=START_TIMEOUT_S):
        """Waits for the first answer, and returns it."""
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status_or_none() if self.socket.exists() else None
            if status is not None:
                return status
            if not is_running() or time.monotonic() > deadline:
                words = log_path.read_text(errors="replace").splitlines()[-3:]
                raise LabError(f"configd {self.name} does not come up: {' / '.join(words)}")
            time.sleep(0.05)
