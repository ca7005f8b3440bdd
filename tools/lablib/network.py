# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Builds and removes the namespaces, bridges and links of a lab."""

from . import topology
from .shell import LabError, run, succeeds

# Nothing in the lab speaks IPv6 on its own, and no kernel forwards beside the dataplanes.
SYSCTLS = (
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
    "net.ipv4.ip_forward=0",
)


def in_namespace(options, role, *argv):
    """Runs a program in the network namespace of a role; returns its output."""
    return run("ip", "netns", "exec", options.namespace(role), *argv)


def ip_in(options, role, *argv):
    """`ip` in the network namespace of a role."""
    return run("ip", "-n", options.namespace(role), *argv)


def existing_namespaces(options):
    """Namespaces of this lab that exist now."""
    present = {line.split()[0] for line in run("ip", "netns", "list").splitlines() if line}
    return [name for name in map(options.namespace, topology.ROLES) if name in present]


def build(options, note):
    """Builds everything. Calls note(namespace) before each namespace is made, so that a failure
    half-way can be taken down. Raises LabError if one of the names is taken."""
    taken = existing_namespaces(options)
    if taken:
        raise LabError(f"namespace {taken[0]} exists already: "
                       f"tools/lab down --prefix {options.prefix}, or choose another --prefix")
    for role in topology.ROLES:
        name = options.namespace(role)
        note(name)
        run("ip", "netns", "add", name)
        in_namespace(options, role, "sysctl", "-q", "-w", *SYSCTLS)
        ip_in(options, role, "link", "set", "lo", "up")
    for bridge in topology.BRIDGES:
        ip_in(options, "lan", "link", "add", bridge, "type", "bridge",
              "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
        ip_in(options, "lan", "link", "set", bridge, "up")
    links = topology.LINKS + ((topology.SECOND_HA2,) if options.ha2_links == 2 else ())
    for number, link in enumerate(links):
        _add_link(options, link, topology.FIRST_IFINDEX + 2 * number)
    _configure_endpoints(options)
    for plan in topology.NODES.values():
        ip_in(options, plan.name, "addr", "add", f"{plan.ha1_address}/30", "dev", "ha1")


def _add_link(options, link, ifindex):
    run("ip", "link", "add", link.near_interface, "netns", options.namespace(link.near),
        "index", ifindex, "mtu", link.mtu, "type", "veth",
        "peer", "name", link.far_interface, "netns", options.namespace(link.far),
        "index", ifindex + 1, "mtu", link.mtu)
    if link.bridge:
        ip_in(options, link.far, "link", "set", link.far_interface, "master", link.bridge)
    for role, interface in ((link.near, link.near_interface), (link.far, link.far_interface)):
        ip_in(options, role, "link", "set", interface, "up")


def _configure_endpoints(options):
    # Without this the endpoints hand over segments without checksums, and TCP never connects
    # through a forwarder that takes frames as they would be on a wire.
    for role in ("client", "server"):
        in_namespace(options, role, "ethtool", "-K", "lan0", "tx", "off")
    ip_in(options, "client", "addr", "add", f"{topology.CLIENT_ADDRESS}/24", "dev", "lan0")
    ip_in(options, "client", "route", "add", "default", "via", topology.CLIENT_GATEWAY)
    for address in (topology.SERVER_ROUTED, topology.SERVER_TRANSLATED):
        ip_in(options, "server", "addr", "add", f"{address}/24", "dev", "lan0")
    ip_in(options, "server", "route", "add", "default", "via", topology.SERVER_GATEWAY)


def remove(names):
    """Deletes these namespaces, and with them every interface in them."""
    for name in names:
        succeeds("ip", "netns", "del", name)
