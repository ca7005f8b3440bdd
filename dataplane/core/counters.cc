// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/counters.h"

#include "statesync/ensure.h"

namespace dataplane {
namespace {

// In the order of the enum; a test compares names with it.
constexpr std::array<CounterText, kEventCount> kTexts = {{
    {"packets_received", "Packets received on all ports."},
    {"packets_forwarded", "Packets forwarded."},
    {"bytes_forwarded", "Bytes forwarded, Ethernet header included."},
    {"sessions_created", "Sessions created by a first packet."},
    {"sessions_closed", "Sessions deleted because a new connection took over their key."},
    {"sessions_expired", "Sessions deleted because nothing was seen for their timeout."},
    {"sessions_ended", "Sessions deleted because a new configuration does not permit them."},
    {"sessions_reanchored", "Window edges set anew by the first packet after a takeover."},
    {"changes_replicated", "Changes of sessions handed to replication."},
    {"nat_allocated", "NAT ports given to sessions."},
    {"nat_tries_over_one", "NAT allocations that did not get the first port tried."},
    {"resets_ignored",
     "TCP resets in the window without the exact number: passed on, session kept."},
    {"tcp_reused", "TCP connections begun on the key of a finished one."},
    {"icmp_errors_matched", "ICMP errors passed on with their session."},
    {"icmp_errors_sent", "ICMP errors made by this node."},
    {"icmp_errors_limited", "ICMP errors not made because of the rate limit."},
    {"echo_replies", "ICMP echo requests to this node that were answered."},
    {"arp_requests_sent", "ARP requests sent."},
    {"arp_replies_sent", "ARP replies sent."},
    {"arp_learnt", "Neighbours learnt or confirmed by ARP."},
    {"arp_conflicts", "ARP packets in which another station claims an address of this node."},
    {"arp_failed", "Neighbours given up because they did not answer."},
    {"arp_gratuitous_sent", "Gratuitous ARP packets sent."},
    {"handed_over", "Packets passed to the worker that owns their shard."},
    {"held", "Packets that waited for the peer to have their session (commit-before-forward)."},
    {"held_wait_us", "Microseconds that held packets have waited, summed."},
    {"held_confirmed", "Held packets forwarded because the peer confirmed their session."},
    {"held_late", "Held packets forwarded at the deadline without a confirmation."},
    {"held_refused", "Held packets forwarded although the peer could not take their session."},
    {"unheld_no_peer",
     "Packets of commit-before-forward not held, but forwarded: no peer was synced."},
    {"unheld_full",
     "Packets of commit-before-forward not held, but forwarded: too many waited already."},
    {"sessions_taken_back",
     "Sessions deleted because commit-before-forward dropped their first packet."},
}};

}  // namespace

const CounterText& TextOf(Event event) noexcept {
  ENSURE(event < Event::kCount);
  return kTexts[static_cast<std::size_t>(event)];
}

}  // namespace dataplane
