# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""Computes the hashes of hash_vectors.txt from configsync/tree/HASH.md, without code of the tree.

Without an argument it prints them; with a file it compares, and exits with 1 if any differs. The
configurations are the same as in hash_vectors_test.cc.
"""

import hashlib
import hmac
import struct
import sys

KEY = bytes([7]) * 32
NOTHING = bytes(32)


def number(count):
    """n(count)."""
    return struct.pack(">Q", count)


def text(value):
    """t(text)."""
    data = value.encode()
    return number(len(data)) + data


def digest(*parts):
    """H(…)."""
    return hashlib.sha256(b"".join(parts)).digest()


class Schema:
    """Name and module; what is below has the module of what it is in."""

    def __init__(self, module):
        self.module = module

    def name(self, name):
        """The name as it is hashed."""
        return text(self.module) + text(name)

    def leaf(self, name, value, tag=b"L", secret=False):
        """A leaf, or with tag V a value."""
        if not secret:
            return digest(tag, self.name(name), b"v", text(value))
        sealed = hmac.new(KEY, b"H" + self.name(name) + text(value), "sha256").digest()
        return digest(tag, self.name(name), b"s", sealed)

    def branch(self, name, children, tag=b"C"):
        """A container, or with tag E an entry."""
        return digest(tag, self.name(name), number(len(children)), *sorted(children))

    def entries(self, name, items, user, tags, sort_key=None):
        """A list or leaf-list of (keys, hash)."""
        named = [(identity(keys), hashed, keys) for keys, hashed in items]
        by = (lambda item: item[0][0]) if user else (lambda item: sort_key(item[2]))
        contents = treap(sorted(named, key=by), lambda item: (b"T", item[1]))
        parts = [number(len(items)), contents]
        if user:
            parts.append(treap(named, lambda item: (b"O", struct.pack(">QQ", *item[0][0]))))
        return digest(tags[1] if user else tags[0], self.name(name), *parts)

    def list(self, name, items, user=False, sort_key=lambda keys: [k.encode() for k in keys]):
        """A list of (keys, children beside the keys), keys as (leaf, value)."""
        entries = []
        for keys, children in items:
            leaves = [self.leaf(leaf, value) for leaf, value in keys]
            entries.append(([v for _, v in keys], self.branch(name, leaves + children, b"E")))
        return self.entries(name, entries, user, (b"S", b"U"), sort_key)

    def leaf_list(self, name, values, user=False):
        """A leaf-list."""
        items = [([value], self.leaf(name, value, b"V")) for value in values]
        return self.entries(name, items, user, (b"M", b"N"), lambda keys: keys[0].encode())


def identity(keys):
    """((id words), priority)."""
    first, second, priority, _ = struct.unpack(">QQQQ", digest(b"K", *map(text, keys)))
    return (first, second), priority


def treap(sequence, payload):
    """Hash of the tree over [((id, priority), …)]."""
    if not sequence:
        return NOTHING
    top = max(range(len(sequence)), key=lambda i: (sequence[i][0][1], sequence[i][0][0]))
    tag, own = payload(sequence[top])
    left, right = treap(sequence[:top], payload), treap(sequence[top + 1:], payload)
    return digest(tag, left, right, own)


def root(*children):
    """The root has neither module nor name."""
    return Schema("").branch("", list(children))


def in_module(name, *children):
    """A top-level container: its module is test-NAME."""
    return Schema("test-" + name).branch(name, list(children))


def rules(items):
    """/policy/rule with (name, children)."""
    schema = Schema("test-policy")
    entries = [([("name", name)], children) for name, children in items]
    return schema.list("rule", entries, user=True)


def vectors():
    """name → hash."""
    system, policy = Schema("test-system"), Schema("test-policy")
    zones, interfaces = Schema("test-zones"), Schema("test-interfaces")
    routing = Schema("test-routing")
    units = [([("number", n)], []) for n in ("10", "9", "-3", "-20", "0")]
    e1 = ([("name", "e1")], [
        interfaces.list("unit", units, sort_key=lambda keys: int(keys[0])),
        interfaces.leaf("mtu", "1500")])
    one_rule = [
        policy.leaf("action", "permit"),
        policy.leaf_list("source", ["lan", "10.0.0.0/8", "dmz"]),
        policy.leaf_list("protocol", ["udp", "tcp", "icmp"], user=True),
        policy.branch("commit-before-forward", []),
    ]
    return {
        "empty": root(),
        "leaf": root(in_module("system", system.leaf("host-name", "fw-a"))),
        "secret": root(in_module("system", system.leaf("password", "geheim", secret=True))),
        "containers": root(
            in_module("system", system.leaf("host-name", "\u00fc\"'\\\n"),
                      system.branch("timeouts", [system.leaf("tcp-syn", "5"),
                                                 system.leaf("tcp-closing", "")])),
            in_module("ha", Schema("test-ha").leaf("priority", "100"))),
        "system list": root(in_module("zones", zones.list(
            "zone", [([("name", n)], [zones.leaf("id", str(i))])
                     for i, n in enumerate(("wan", "lan", "dmz", "Lan", "l"))]))),
        "numbers": root(in_module("interfaces", interfaces.list("interface", [e1]))),
        "user list": root(in_module("policy", rules(
            [(n, []) for n in ("c", "a", "e", "b", "d")]))),
        "rule": root(in_module("policy", rules([("r1", one_rule)]))),
        "two keys": root(in_module("routing", routing.list(
            "route", [([("prefix", p), ("router", r)], [routing.leaf("next-hop", p + r)])
                      for p in ("b", "a") for r in ("y", "x")], user=True))),
        "many rules": root(in_module("policy", rules(
            [(f"rule-{i * 7 % 500}", [policy.leaf("id", str(i))]) for i in range(500)]))),
        "many zones": root(in_module("zones", zones.list(
            "zone", [([("name", f"zone-{i}")], []) for i in range(500)]))),
    }


def main():
    """Prints or compares."""
    lines = [f"{hashed.hex()} {name}\n" for name, hashed in vectors().items()]
    if len(sys.argv) == 1:
        print("".join(lines), end="")
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        if file.read() == "".join(lines):
            return 0
    print(f"{sys.argv[1]} is not what HASH.md gives:\n{''.join(lines)}", end="")
    return 1


if __name__ == "__main__":
    sys.exit(main())
