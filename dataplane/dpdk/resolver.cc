// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/resolver.h"

#include "dataplane/core/arp.h"
#include "dataplane/dpdk/egress.h"

namespace dataplane {
namespace {

constexpr std::int64_t kTickNs = 10'000'000;
constexpr std::size_t kDueMax = 32;

std::span<std::byte> BytesOf(rte_mbuf* frame) {
  return {rte_pktmbuf_mtod(frame, std::byte*), rte_pktmbuf_data_len(frame)};
}

}  // namespace

void Resolver::OnArp(std::uint8_t interface, rte_mbuf* frame) noexcept {
  ArpPacket packet;
  const DropReason reason = ParseArp(BytesOf(frame), packet);
  if (reason != DropReason::kNone) return core_.Drop(frame, reason);
  rte_pktmbuf_free(frame);
  const ArpOutcome outcome = core_.tables.neighbours->OnArp(
      interface, packet, *core_.config->interfaces, core_.forwarding, core_.now_ns, core_.counters);
  if (outcome.reply) {
    rte_mbuf* const reply = core_.tx.New(interface, kArpFramePadded, core_.counters);
    if (reply != nullptr) {
      BuildArpReply(outcome.answer_mac, outcome.answer_addr, packet, BytesOf(reply));
      core_.tx.Add(interface, reply, core_.counters);
    }
  }
  if (outcome.announce) SendGratuitous(interface, outcome.answer_mac, outcome.answer_addr);
  if (outcome.resolved) Release({interface, packet.sender_addr}, &packet.sender_mac);
}

void Resolver::Hold(const NeighbourKey& key, rte_mbuf* frame) noexcept {
  // Another worker's frame may have waited here while this node yielded (I6).
  if (!core_.forwarding) return core_.Drop(frame, DropReason::kNotActive);
  // Or its interface was disabled.
  if (!core_.config->interfaces->enabled(key.interface)) {
    return core_.Drop(frame, DropReason::kInterfaceDown);
  }
  const Neighbour neighbour = core_.tables.neighbours->Find(key);
  if (neighbour.usable()) {  // Resolved while another worker's frame was in the ring.
    return SendTo(core_, key.interface, neighbour.mac, frame);
  }
  const ResolveOutcome outcome =
      core_.tables.neighbours->Resolve(key, core_.now_ns, core_.counters);
  if (outcome.send_request) SendRequest(key, kBroadcastMac);
  if (!outcome.hold) return core_.Drop(frame, outcome.reason);
  if (!held_.Add(key, frame)) {
    core_.tables.neighbours->OnReleased(key, 1);
    core_.Drop(frame, DropReason::kArpQueueFull);
  }
}

bool Resolver::Turn() noexcept {
  std::array<rte_mbuf*, statesync::kBatchMax> frames;
  const std::uint16_t count = core_.rings.TakeUnresolved(frames);
  for (std::uint16_t i = 0; i < count; ++i) Hold(HandoverRings::KeyOf(*frames[i]), frames[i]);
  if (core_.now_ns >= next_tick_ns_) {
    next_tick_ns_ = core_.now_ns + kTickNs;
    AskDue();
  }
  if (forgetting_) ForgetSome();
  return Announce() || count > 0;
}

void Resolver::OnConfig() noexcept {
  core_.tables.neighbours->SetMaxAge(core_.config->options.timeouts.arp_s);
  if (core_.config->reaches_others) {
    forgetting_ = true;
    forget_next_ = 0;
  }
  // Addresses that were there before are told once more: that teaches nothing wrong. A round that
  // is under way begins anew, as it counts the addresses. A standby says nothing until it forwards.
  if (core_.config->announces_others) announcer_.Start(core_.now_ns);
}

// A slice a turn, so that a large table makes no packet late.
void Resolver::ForgetSome() noexcept {
  std::array<NeighbourKey, kDueMax> held;
  std::size_t held_count = 0;
  forget_next_ = core_.tables.neighbours->ForgetOutside(*core_.config->interfaces, forget_next_,
                                                        held, held_count);
  for (std::size_t i = 0; i < held_count; ++i) Release(held[i], nullptr);
  forgetting_ = forget_next_ != 0;
}

void Resolver::OnRole(bool active) noexcept {
  if (active) {
    core_.tables.neighbours->MarkAllStale(core_.now_ns);
  } else {
    announcer_.Cancel();
  }
}

// An announcement that was asked for before the shards were released waits for the first turn in
// which this node forwards: until then it must not speak under the virtual MAC (I6).
bool Resolver::Announce() noexcept {
  if (!core_.forwarding) return false;
  const std::uint32_t wanted = core_.shared.role.announce_count.load(std::memory_order_acquire);
  if (wanted != announced_count_) {
    announced_count_ = wanted;
    announcer_.Start(core_.now_ns);
  }
  const std::span<const LocalAddress> addresses = core_.config->interfaces->announced();
  for (std::size_t sent = 0; sent < Announcer::kPerTurnMax; ++sent) {
    const std::size_t next = announcer_.Next(core_.now_ns, addresses.size());
    if (next == Announcer::kNothing) return sent > 0;
    SendGratuitous(addresses[next].interface, addresses[next].mac, addresses[next].addr);
  }
  return true;
}

void Resolver::AskDue() noexcept {
  std::array<ArpDue, kDueMax> due;
  const std::size_t count = core_.tables.neighbours->Tick(core_.now_ns, due, core_.counters);
  for (std::size_t i = 0; i < count; ++i) {
    if (due[i].failed) {
      Release(due[i].key, nullptr);
    } else {
      SendRequest(due[i].key, due[i].mac);
    }
  }
}

void Resolver::SendRequest(const NeighbourKey& key, const MacAddress& to) noexcept {
  rte_mbuf* const request = core_.tx.New(key.interface, kArpFramePadded, core_.counters);
  if (request == nullptr) return;
  const InterfaceMap& interfaces = *core_.config->interfaces;
  BuildArpRequest(interfaces.SourceMac(key.interface, core_.forwarding),
                  interfaces.SourceAddr(key.interface, core_.forwarding), to, key.addr,
                  BytesOf(request));
  core_.tx.Add(key.interface, request, core_.counters);
}

void Resolver::SendGratuitous(std::uint8_t interface, const MacAddress& mac,
                              NetAddr addr) noexcept {
  rte_mbuf* const frame = core_.tx.New(interface, kArpFramePadded, core_.counters);
  if (frame == nullptr) return;
  BuildGratuitousArp(mac, addr, BytesOf(frame));
  core_.tx.Add(interface, frame, core_.counters);
  core_.counters.Add(Event::kArpGratuitousSent);
}

// Sends the frames that waited for `key`, or drops them if it has no MAC or this node forwards no
// more.
void Resolver::Release(const NeighbourKey& key, const MacAddress* mac) noexcept {
  std::array<rte_mbuf*, kArpQueuePackets> frames;
  const std::uint16_t count = held_.Take(key, frames);
  if (count == 0) return;
  core_.tables.neighbours->OnReleased(key, count);
  for (std::uint16_t i = 0; i < count; ++i) {
    if (mac == nullptr) {
      core_.Drop(frames[i], DropReason::kArpUnresolved);
    } else if (!core_.forwarding) {
      core_.Drop(frames[i], DropReason::kNotActive);
    } else {
      SendTo(core_, key.interface, *mac, frames[i]);
    }
  }
}

}  // namespace dataplane
