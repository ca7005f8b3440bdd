# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause

"""Writes the node files of the lab: protobuf text of proto/node.proto."""

from . import topology


def runtime_dir_of(name):
    """A node's own folder as the node sees it: the default, so lockstepctl finds it there."""
    return f"/run/lockstep/{name}"


TEMPLATE = """\
# Written by tools/lab; node {name} of lab "{prefix}".
name: "{name}"
index: {index}
priority: {priority}
runtime_dir: "{runtime_dir}"

ports {{ name: "p0" device: "net_af_packet0,iface=clients" }}
ports {{ name: "p1" device: "net_af_packet1,iface=servers" }}

{forwarding}tables {{ sessions: {sessions} memory_mb: {table_mb} }}
ha {{
  enabled: true
  state_sync: {state_sync}
  pair_secret_file: "{runtime_dir}/pair-secret"
  ha1 {{ local_address: "{ha1_address}" peer_address: "{peer_ha1_address}" }}
  ha2 {{
    device: "{ha2_device}"
    local_address: "{ha2_address}" peer_address: "{peer_ha2_address}" mtu: {ha2_mtu}
  }}
{ha2_second}  heartbeat_ms: {heartbeat_ms}
}}
runtime {{ workers: {workers} memory_mb: {memory_mb} file_prefix: "{prefix}-{name}" }}
{debug}"""

# A node with a configd has none: it gets it from there.
FORWARDING = """\
forwarding {{
  zones {{ id: 1 name: "clients" }}
  zones {{ id: 2 name: "servers" }}
  interfaces {{
    id: 1 name: "clients" zone: "clients" port: "p0"
    address: "{client_address}/24"
    virtual_addresses {{ address: "{client_gateway}" vrid: 1 }}
  }}
  interfaces {{
    id: 2 name: "servers" zone: "servers" port: "p1"
    address: "{server_address}/24"
    virtual_addresses {{ address: "{server_gateway}" vrid: 2 }}
  }}
  rules {{
    id: 10 name: "translated" from_zone: "clients" to_zone: "servers"
    destination: "{server_translated}/32" action: PERMIT source_nat: "outside"{commit}
  }}
  rules {{
    id: 20 name: "routed" from_zone: "clients" to_zone: "servers"
    destination: "{server_routed}/32" action: PERMIT{commit}
  }}
  nat_pools {{ id: 1 name: "outside" {nat_addresses} }}
}}

"""

# Beside the control socket, so that it can be read from outside the node.
DEBUG = 'debug {{ enabled: true ha2_key_file: "{runtime_dir}/ha2.keys" }}\n'

HA2_SECOND = """\
  ha2_second {{
    device: "{device}"
    local_address: "{address}" peer_address: "{peer_address}" mtu: {mtu}
  }}
"""

HA2_DEVICES = {
    "af_xdp": ("net_af_xdp0,iface=ha2", "net_af_xdp1,iface=ha3"),
    "af_packet": ("net_af_packet2,iface=ha2", "net_af_packet3,iface=ha3"),
}


def memory_mb_of(sessions):
    """Memory for DPDK: mbufs and tables of the base, and 160 bytes a session with room to spare."""
    return 512 + sessions * 160 // (1 << 20)


def ha2_second_of(options, name):
    """The second state link of node `name`, if the lab has one."""
    if options.ha2_links == 1:
        return ""
    return HA2_SECOND.format(
        device=HA2_DEVICES[options.ha2][1], address=topology.NODES[name].ha2_second_address,
        peer_address=topology.peer_of(name).ha2_second_address, mtu=topology.HA2_MTU)


def forwarding_of(options, name):
    """What node `name` begins to forward by."""
    if options.configd:
        return ""
    plan = topology.NODES[name]
    return FORWARDING.format(
        client_address=plan.client_address, client_gateway=topology.CLIENT_GATEWAY,
        server_address=plan.server_address, server_gateway=topology.SERVER_GATEWAY,
        server_routed=topology.SERVER_ROUTED, server_translated=topology.SERVER_TRANSLATED,
        nat_addresses=" ".join(f'addresses {{ id: {i} address: "{address}" }}'
                               for i, address in enumerate(topology.NAT_ADDRESSES, 1)),
        commit=" commit_before_forward {}" if options.commit_before_forward else "")


def text_of(options, name):
    """The node file of node `name`."""
    plan, peer = topology.NODES[name], topology.peer_of(name)
    return TEMPLATE.format(
        name=name, prefix=options.prefix, index=plan.index, priority=plan.priority,
        runtime_dir=runtime_dir_of(name),
        forwarding=forwarding_of(options, name),
        sessions=options.sessions, state_sync="true" if options.replication else "false",
        ha1_address=plan.ha1_address, peer_ha1_address=peer.ha1_address,
        ha2_address=plan.ha2_address, peer_ha2_address=peer.ha2_address,
        ha2_second=ha2_second_of(options, name),
        ha2_device=HA2_DEVICES[options.ha2][0], ha2_mtu=topology.HA2_MTU,
        heartbeat_ms=options.heartbeat_ms, workers=options.workers,
        debug=DEBUG.format(runtime_dir=runtime_dir_of(name)) if options.debug else "",
        table_mb=memory_mb_of(options.sessions), memory_mb=memory_mb_of(options.sessions))
