# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Secrets on the way between two nodes: sealed inside of TLS, and nowhere in the clear."""

import secrets
from pathlib import Path

from lablib.ring import INTERFACE, PORT, Ring

from .pair_steps import Committer, tell, wait_until_equal
from .wire_secrets import WireCapture, decrypted, leaks_in, leaks_in_folder, tcp_bytes

MARKER = "a-name-that-travels"  # Not a secret: if it is not found, nothing was decrypted.
OWN_FILES = ("device", "ha1.keys", "pair-secret")  # Who has these files has the secrets in them.


class SecretsStory:
    """Needs tcpdump and tshark."""

    def __init__(self, prefix, programs, tally, say, folder):
        self._prefix = prefix
        self._programs = programs
        self._tally = tally
        self._say = say
        self._folder = Path(folder)
        self.controls = []

    def run(self, steps):
        """Tells it."""
        tell(steps, (self.secrets_stay_secret,), self._tally, self._say)

    def secrets_stay_secret(self, step):
        """Passwords and keys of a configuration, of the nodes and of the pair."""
        configured = {name: f"{name}-{secrets.token_hex(12)}"
                      for name in ("user-password", "snmp-community", "data-password",
                                   "sync-password")}
        with Ring(self._prefix, self._programs, tls_keys=True) as ring:
            captures = [self._capture(ring, "pairing")]
            ring.start()
            ring.pair()
            captures[0].finish()
            captures.append(self._capture(ring, "commits"))
            try:
                self._use(ring, configured)
            finally:
                captures[1].finish()
            known = configured | own_secrets(ring)
            leaks, opened, inside = self._look_through(ring, captures, known)
            planted = dict(known, marker=MARKER)
            self.controls = [
                ("decryption", any("marker" in leak for leak in leaks_in("", inside, planted)),
                 f"{opened} streams opened, {len(inside)} bytes; a name that travels is found"),
                ("a planted secret", self._is_plant_seen(ring, known),
                 "a log line with a secret is found"),
            ]
        self._tally.leaks += leaks
        step.need(not leaks, "; ".join(leaks[:5]))
        step.seen = (f"{len(known)} secrets, {len(inside)} decrypted bytes of {opened} streams, "
                     f"{len(leaks)} leaks")

    def _use(self, ring, configured):
        """Commits that carry the secrets, and the changes, answers and errors around them."""
        for name, other in (("b", "a"), ("a", "b")):
            ring.config[name].load({
                "lockstep-services:services": {"snmp": {"community": [
                    {"name": "public", "community": configured["snmp-community"]}]}},
                "lockstep-system:system": {"data-protection": {
                    "password": configured["data-password"]}},
                "lockstep-ha:ha": {"configuration-synchronization": {
                    "local-password": configured["sync-password"]}}}, verb="merge")
            ring.config[name].commit("own secrets")
            ring.synchronise(name, {other: {"password": configured["sync-password"]}})
        here = Committer(ring.config["a"], self._tally)
        wait_until_equal(ring.config.values(), self._tally)
        here.control.load({"lockstep-users:users": {"user": [
            {"name": MARKER, "password": configured["user-password"]}]}}, verb="merge")
        here.need_commit("a user with a password")
        wait_until_equal(ring.config.values(), self._tally)
        ring.kill("b")
        here.change("while away", "zones", "zone", MARKER)
        ring.start("b")
        wait_until_equal(ring.config.values(), self._tally)

    def _capture(self, ring, name):
        return WireCapture(ring.namespace("a"), INTERFACE, self._folder / f"{name}.pcap")

    def _look_through(self, ring, captures, known):
        keys = self._folder / "keys"
        keys.write_text("".join((ring.node_folder(name) / "ha1.keys").read_text()
                                for name in ring.names), encoding="ascii")
        leaks = []
        for capture in captures:
            leaks += leaks_in(f"the bytes of {capture.path.name}", tcp_bytes(capture.path), known)
        inside, opened = decrypted(captures[1].path, keys, PORT)
        leaks += leaks_in("what TLS carried", inside, known)
        for name in ring.names:
            leaks += leaks_in_folder(ring.node_folder(name), known, OWN_FILES + ("master.key",))
            for words in (("config", "show"), ("config", "show", "--commands"),
                          ("config", "history", "--json"), ("config", "audit", "--json"),
                          ("config", "status", "--json"), ("config", "sync", "status", "--json"),
                          ("config", "difference", "--json"), ("devices", "list", "--json")):
                leaks += leaks_in(f"`{' '.join(words)}` of {name}",
                                  ring.config[name].text(*words).encode(), known)
        return leaks, opened, inside

    def _is_plant_seen(self, ring, known):
        folder = ring.node_folder("a") / "planted"
        folder.mkdir()
        (folder / "x.log").write_text(f"password is {known['user-password']}\n", encoding="ascii")
        return bool(leaks_in_folder(folder, known))


def own_secrets(ring):
    """Secrets that the nodes made: passwords, master keys, the pair's secret."""
    found = {}
    for name in ring.names:
        folder = ring.node_folder(name)
        for what, path in (("password", folder / "state" / "device" / "password"),
                           ("master-key", folder / "state" / "master.key"),
                           ("pair-secret", folder / "pair-secret")):
            if path.exists():
                found[f"{what} of {name}"] = path.read_bytes().strip()
    return found
