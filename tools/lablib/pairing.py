# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""What two people do at two nodes to make them a pair, by script; and what a test asks a node about
others."""

import time

from .shell import LabError

PAIRING_TIMEOUT_S = 30.0
SYNC_TIMEOUT_S = 30.0
POLL_S = 0.05


def pair(starter, acceptor, address, timeout_s=PAIRING_TIMEOUT_S, options=()):
    """Makes two ConfigControls a pair: `starter` calls `acceptor` at `address`; each is told the
    code that the other shows. Raises LabError with what the nodes say if they do not become one."""
    acceptor.text("pair", "accept", *options)
    starter.text("pair", "start", address, *options)
    both = (starter, acceptor)
    deadline = time.monotonic() + timeout_s
    shown = [wait_for_pairing(control, ("comparing",), deadline) for control in both]
    starter.text("pair", "confirm", shown[1]["code"].replace(" ", ""))
    acceptor.text("pair", "confirm", shown[0]["code"].replace(" ", ""))
    for control in both:
        wait_for_pairing(control, ("done",), deadline)
    return shown


def wait_for_pairing(control, states, deadline):
    """Waits until the pairing of a node is in one of the states; returns what it says."""
    while True:
        seen = control.json("pair", "status")
        if seen.get("state") in states:
            return seen
        if seen.get("state") == "failed" or time.monotonic() > deadline:
            raise LabError(f"configd {control.name}: pairing is {seen.get('state')}, "
                           f"not {' or '.join(states)}: {seen.get('text', '')}")
        time.sleep(POLL_S)


def synchronisation_of(remotes, **leaves):
    """Configuration that synchronises with remotes: name → address, or name → its leaves."""
    entries = [{"name": name, **(more if isinstance(more, dict) else {"address": more})}
               for name, more in remotes.items()]
    return {"lockstep-ha:ha": {"configuration-synchronization": {
        "enabled": True, "remote": entries,
        **{name.replace("_", "-"): value for name, value in leaves.items()}}}}


def sync_status(control):
    """What a node says of others, SyncStatus of admin.proto; {} while it does not answer."""
    try:
        return control.json("config", "sync", "status")
    except LabError:
        return {}


def remote_of(status, name=""):
    """The entry of one remote; the only one, if no name is given. {} if there is none."""
    found = [remote for remote in status.get("remotes", []) if name in ("", remote.get("name"))]
    return found[0] if found else {}


def codes_of(status):
    """Reasons as "FEATURE_MISMATCH(vsys)", of this node and of all its remotes, theirs too."""
    rows = list(status.get("reasons", []))
    for remote in status.get("remotes", []):
        rows += remote.get("reasons", []) + remote.get("their_reasons", [])
    return {name_of(row) for row in rows}


def name_of(row):
    """A reason's code and subject."""
    return row["code"] + (f"({row['subject']})" if row.get("subject") else "")


def wait_for_sync(control, state="in-sync", remote="", timeout_s=SYNC_TIMEOUT_S):
    """Waits until a remote of a node is in a state. Returns the seconds that it took."""
    started = time.monotonic()
    while True:
        status = sync_status(control)
        entry = remote_of(status, remote)
        if entry.get("state") == state:
            return time.monotonic() - started
        if time.monotonic() - started > timeout_s:
            raise LabError(f"configd {control.name}: remote {remote or entry.get('name', '?')} is "
                           f"{entry.get('state', 'unknown')} after {timeout_s:.0f} s, not {state}: "
                           f"{', '.join(sorted(codes_of(status))) or 'no reason'}")
        time.sleep(POLL_S)
