# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""The configuration of a lab's node, as JSON (RFC 7951) for `lockstepctl config load`.

It says the same as the forwarding part of the node file (nodefile.py), with equal ids: a node may
have either."""

from . import topology


def configuration_of(options, name):
    """What node `name` forwards by."""
    plan = topology.NODES[name]
    commit = {"commit-before-forward": {}} if options.commit_before_forward else {}
    return {
        "lockstep-system:system": {"host-name": f"{options.prefix}-{name}"},
        "lockstep-zones:zones": {"zone": [
            {"name": "clients", "id": 1}, {"name": "servers", "id": 2}]},
        "lockstep-interfaces:interfaces": {"interface": [
            interface_of(1, "clients", "p0", plan.client_address, topology.CLIENT_GATEWAY),
            interface_of(2, "servers", "p1", plan.server_address, topology.SERVER_GATEWAY)]},
        "lockstep-nat:nat": {"pool": [{
            "name": "outside", "id": 1,
            "address": [{"address": address, "id": number}
                        for number, address in enumerate(topology.NAT_ADDRESSES, 1)]}]},
        "lockstep-policy:policy": {"rule": [
            rule_of(10, "translated", topology.SERVER_TRANSLATED, commit)
            | {"source-nat": "outside"},
            rule_of(20, "routed", topology.SERVER_ROUTED, commit)]},
        "lockstep-ha:ha": {"failover": {"enabled": True},
                           "state-synchronization": {"enabled": options.replication}},
    }


def interface_of(number, name, port, address, gateway):
    """An interface in the zone of its name."""
    return {"name": name, "id": number, "port": port, "zone": name, "address": f"{address}/24",
            "virtual-address": [{"vrid": number, "address": gateway}]}


def rule_of(number, name, server, more):
    """A rule that lets clients reach a server."""
    return {"name": name, "id": number, "from-zone": "clients", "to-zone": "servers",
            "destination": [f"{server}/32"], "action": "permit"} | more
