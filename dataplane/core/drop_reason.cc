// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/drop_reason.h"

#include <array>

#include "statesync/ensure.h"

namespace dataplane {
namespace {

// In the order of the enum; a test compares names with it.
constexpr std::array<CounterText, kDropReasonCount> kTexts = {{
    {"none", "Not dropped."},
    {"frame_too_short", "Frames shorter than an Ethernet header."},
    {"vlan_tagged", "Frames with a VLAN tag; not supported."},
    {"ether_type", "Frames that are neither IPv4 nor ARP."},
    {"not_our_mac", "Frames to a MAC that is not this node's (flooded by a switch)."},
    {"arp_malformed", "ARP packets with wrong sizes, types or sender MAC."},
    {"arp_queue_full", "Packets that found the queue of an unresolved neighbour full."},
    {"arp_unresolved", "Held packets whose neighbour never answered."},
    {"arp_table_full", "Packets and ARP senders that found no room in the neighbour table."},
    {"ip_truncated", "Frames too short for the IPv4 header."},
    {"ip_version", "IPv4 frames whose header says another version."},
    {"ip_header_length", "IPv4 header length below 20 or beyond the packet."},
    {"ip_total_length", "IPv4 total length below the header or beyond the frame."},
    {"ip_checksum", "IPv4 header checksum wrong."},
    {"ip_options", "IPv4 options that are broken."},
    {"ip_source_route", "IPv4 source route option; refused."},
    {"ip_source_address", "Source is multicast, broadcast, loopback or zero."},
    {"ip_target_address", "Target is multicast, broadcast, loopback or zero."},
    {"ip_fragment", "IPv4 fragments; not reassembled yet."},
    {"ip_protocol", "IPv4 protocols other than TCP, UDP and ICMP."},
    {"ttl_exceeded", "Packets whose TTL ended here."},
    {"too_big", "Packets larger than the MTU of their way out."},
    {"no_route", "No route to the target."},
    {"tcp_truncated", "TCP header incomplete."},
    {"tcp_data_offset", "TCP data offset below 20 or beyond the segment."},
    {"tcp_options", "TCP options that are broken."},
    {"tcp_flags", "TCP flag combinations that no TCP sends."},
    {"tcp_checksum", "TCP checksum wrong in a segment that would change a state."},
    {"udp_truncated", "UDP header incomplete."},
    {"udp_length", "UDP length below 8 or beyond the packet."},
    {"port_zero", "TCP or UDP port zero."},
    {"icmp_truncated", "ICMP header incomplete."},
    {"icmp_checksum", "ICMP checksum wrong."},
    {"icmp_type", "ICMP types that are not forwarded."},
    {"icmp_inner", "ICMP errors whose quoted packet is incomplete or not IPv4 TCP, UDP or echo."},
    {"mid_stream", "TCP packets other than SYN without a session."},
    {"tcp_state", "TCP segments that the session's state does not allow."},
    {"tcp_window", "TCP segments outside the window."},
    {"tcp_ack", "TCP acknowledgements of what was not sent, or too old."},
    {"tcp_reset", "TCP resets that do not belong to the connection."},
    {"icmp_unmatched", "ICMP errors and echo replies without a session."},
    {"policy_denied", "New sessions that no rule permits."},
    {"to_self", "Packets to an address of this node that are not answered."},
    {"nat_exhausted", "New sessions that found no free NAT port."},
    {"table_full", "New sessions that found the session table full."},
    {"session_exists", "New sessions whose key appeared in the same moment."},
    {"not_active", "Packets that arrived while this node may not forward."},
    {"ring_full", "Packets that found another worker's ring full."},
    {"transmit_full", "Packets that found the transmit queue full."},
    {"no_buffer", "Packets this node wanted to make but had no buffer for."},
    {"interface_down", "Packets to or from a port that no enabled interface uses."},
    {"hold_deadline", "Held packets that the peer did not confirm in time; the rule says drop."},
    {"hold_refused", "Held packets whose session the peer could not take; the rule says drop."},
    {"hold_full", "Packets to be held that found the hold queue, or their session's share, full."},
    {"hold_no_peer", "New sessions refused as no peer is synced; the rule says drop."},
    {"hold_gone", "Held packets whose session ended while they waited."},
    {"hold_role", "Held packets dropped because this node stopped forwarding."},
}};

}  // namespace

const CounterText& TextOf(DropReason reason) noexcept {
  ENSURE(reason < DropReason::kCount);
  return kTexts[static_cast<std::size_t>(reason)];
}

}  // namespace dataplane
