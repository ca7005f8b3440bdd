// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/neighbour.h"

#include <bit>

#include "absl/strings/str_cat.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::uint64_t kUsed = std::uint64_t{1} << 63;  // A key word of zero means: never used.
constexpr std::uint64_t kTombstone = 1;
constexpr std::uint32_t kSlotsPerTick = 1'024;

std::uint64_t KeyBits(const NeighbourKey& key) {
  return kUsed | (std::uint64_t{key.interface} << 32) | key.addr;
}
NeighbourKey KeyOf(std::uint64_t bits) {
  return {.interface = static_cast<std::uint8_t>(bits >> 32), .addr = static_cast<NetAddr>(bits)};
}
std::uint64_t ValueBits(const MacAddress& mac, NeighbourState state) {
  return mac.bits() | (static_cast<std::uint64_t>(state) << 48);
}
MacAddress MacOf(std::uint64_t value) { return MacAddress::FromBits(value); }
NeighbourState StateOf(std::uint64_t value) {
  return static_cast<NeighbourState>((value >> 48) & 0xff);
}
std::uint32_t HashOf(std::uint64_t key) {
  return static_cast<std::uint32_t>((key * 0x9e37'79b9'7f4a'7c15ull) >> 32);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NeighbourTable>> NeighbourTable::Create(std::uint32_t capacity,
                                                                       std::uint32_t max_age_s) {
  if (capacity == 0 || capacity > kNeighboursMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("neighbours: ", capacity, ", allowed are 1 to ", kNeighboursMax));
  }
  if (max_age_s == 0) return absl::InvalidArgumentError("arp_s: 0, at least 1 second is needed");
  std::unique_ptr<NeighbourTable> table(new NeighbourTable);
  const std::uint32_t slots = std::bit_ceil(capacity * 2);
  table->slots_ = std::make_unique<Slot[]>(slots);
  table->mask_ = slots - 1;
  table->capacity_ = capacity;
  table->max_age_ns_ = std::int64_t{max_age_s} * 1'000'000'000;
  return table;
}

NeighbourTable::Slot* NeighbourTable::FindSlot(std::uint64_t key) const noexcept {
  std::uint32_t at = HashOf(key) & mask_;
  for (std::uint32_t i = 0; i <= mask_; ++i, at = (at + 1) & mask_) {
    const std::uint64_t found = slots_[at].key.load(std::memory_order_acquire);
    if (found == key) return &slots_[at];
    if (found == 0) return nullptr;
  }
  return nullptr;
}

NeighbourTable::Slot* NeighbourTable::AddSlot(std::uint64_t key) noexcept {
  if (size_ == capacity_) return nullptr;
  std::uint32_t at = HashOf(key) & mask_;
  while ((slots_[at].key.load(std::memory_order_relaxed) & kUsed) != 0) at = (at + 1) & mask_;
  Slot& slot = slots_[at];
  slot.tries = 0;
  slot.held = 0;
  slot.used.store(0, std::memory_order_relaxed);
  slot.key.store(key, std::memory_order_release);  // Its value is zero since Remove().
  ++size_;
  return &slot;
}

void NeighbourTable::Remove(Slot& slot) noexcept {
  held_total_ -= slot.held;
  slot.held = 0;
  slot.value.store(0, std::memory_order_release);
  // The end of a chain needs no tombstone; without this they would pile up and searches grow long.
  std::uint32_t at = static_cast<std::uint32_t>(&slot - slots_.get());
  const bool last = slots_[(at + 1) & mask_].key.load(std::memory_order_relaxed) == 0;
  slot.key.store(last ? 0 : kTombstone, std::memory_order_release);
  --size_;
  if (!last) return;
  for (at = (at - 1) & mask_; slots_[at].key.load(std::memory_order_relaxed) == kTombstone;
       at = (at - 1) & mask_) {
    slots_[at].key.store(0, std::memory_order_release);
  }
}

Neighbour NeighbourTable::Find(const NeighbourKey& key) const noexcept {
  const std::uint64_t bits = KeyBits(key);
  const Slot* slot = FindSlot(bits);
  if (slot == nullptr) return {};
  const std::uint64_t value = slot->value.load(std::memory_order_acquire);
  // The slot may have been given to another key in between; its value was zero before that.
  if (slot->key.load(std::memory_order_acquire) != bits) return {};
  return {.mac = MacOf(value), .state = StateOf(value)};
}

void NeighbourTable::Touch(const NeighbourKey& key) noexcept {
  Slot* slot = FindSlot(KeyBits(key));
  if (slot != nullptr) slot->used.store(1, std::memory_order_relaxed);
}

ResolveOutcome NeighbourTable::Resolve(const NeighbourKey& key, std::int64_t now_ns,
                                       Counters& counters) noexcept {
  const std::uint64_t bits = KeyBits(key);
  Slot* slot = FindSlot(bits);
  ResolveOutcome outcome;
  if (slot == nullptr) {
    slot = AddSlot(bits);
    if (slot == nullptr) return {.reason = DropReason::kArpTableFull};
    slot->value.store(ValueBits(kBroadcastMac, NeighbourState::kIncomplete),
                      std::memory_order_release);
    slot->changed_ns = now_ns;
    slot->asked_ns = now_ns;
    slot->tries = 1;
    counters.Add(Event::kArpRequestsSent);
    outcome.send_request = true;
  }
  if (slot->held >= kArpQueuePackets || held_total_ >= kArpQueueTotal) {
    outcome.reason = DropReason::kArpQueueFull;
    return outcome;
  }
  ++slot->held;
  ++held_total_;
  outcome.hold = true;
  return outcome;
}

void NeighbourTable::OnReleased(const NeighbourKey& key, std::uint16_t packets) noexcept {
  Slot* slot = FindSlot(KeyBits(key));
  if (slot == nullptr) return;  // Given up: Remove() has already counted them off.
  const std::uint16_t released = packets < slot->held ? packets : slot->held;
  slot->held = static_cast<std::uint16_t>(slot->held - released);
  held_total_ -= released;
}

ArpOutcome NeighbourTable::OnArp(std::uint8_t interface, const ArpPacket& packet,
                                 const InterfaceMap& interfaces, bool active, std::int64_t now_ns,
                                 Counters& counters) noexcept {
  ArpOutcome outcome;
  const LocalAddress* claimed = interfaces.AnswersFor(interface, packet.sender_addr, active);
  if (claimed != nullptr) {
    // Our own frames come back from some switches; only another station's claim is a conflict.
    if (packet.sender_mac == claimed->mac) return outcome;
    counters.Add(Event::kArpConflicts);
    outcome.conflict = true;
    outcome.announce = now_ns >= next_defence_ns_;
    if (outcome.announce) next_defence_ns_ = now_ns + kArpDefenceNs;
    outcome.answer_mac = claimed->mac;
    outcome.answer_addr = claimed->addr;
    return outcome;
  }
  const LocalAddress* asked = interfaces.AnswersFor(interface, packet.target_addr, active);
  if (asked != nullptr && packet.operation == ArpOperation::kRequest) {
    outcome.reply = true;
    outcome.answer_mac = asked->mac;
    outcome.answer_addr = asked->addr;
    counters.Add(Event::kArpRepliesSent);
  }
  const InterfaceSpec& spec = interfaces.interface(interface);
  if (packet.sender_addr == 0 ||  // A probe (RFC 5227 §2.1.1) teaches nothing.
      interfaces.KindOf(packet.sender_addr, true) != LocalKind::kNone ||  // The active's own words.
      !Contains({spec.own_addr, spec.prefix_bits}, packet.sender_addr)) {
    return outcome;
  }
  // RFC 826: whoever asks for us is learnt; others only update what is known. A standby learns who
  // asks for a virtual address too: after a takeover it speaks to them at once.
  const bool asks = packet.operation == ArpOperation::kRequest &&
                    interfaces.AnswersFor(interface, packet.target_addr, true) != nullptr;
  const std::uint64_t bits = KeyBits({interface, packet.sender_addr});
  Slot* slot = FindSlot(bits);
  if (slot == nullptr && asks) {
    slot = AddSlot(bits);
    if (slot == nullptr) counters.Drop(DropReason::kArpTableFull);
  }
  if (slot == nullptr) return outcome;
  Confirm(*slot, packet.sender_mac, now_ns);
  counters.Add(Event::kArpLearnt);
  outcome.resolved = slot->held > 0;
  return outcome;
}

void NeighbourTable::Confirm(Slot& slot, const MacAddress& mac, std::int64_t now_ns) noexcept {
  slot.value.store(ValueBits(mac, NeighbourState::kReachable), std::memory_order_release);
  slot.changed_ns = now_ns;
  slot.tries = 0;
  slot.used.store(0, std::memory_order_relaxed);
}

bool NeighbourTable::TickSlot(Slot& slot, std::int64_t now_ns, ArpDue& due,
                              Counters& counters) noexcept {
  const std::uint64_t value = slot.value.load(std::memory_order_relaxed);
  const NeighbourState state = StateOf(value);
  const NeighbourKey key = KeyOf(slot.key.load(std::memory_order_relaxed));
  if (state == NeighbourState::kReachable) {
    if (now_ns - slot.changed_ns < max_age_ns_) return false;
    slot.used.store(0, std::memory_order_relaxed);
    slot.changed_ns = now_ns;
    slot.value.store(ValueBits(MacOf(value), NeighbourState::kStale), std::memory_order_release);
    return false;
  }
  if (state == NeighbourState::kStale) {
    if (slot.used.load(std::memory_order_relaxed) == 0) {
      if (now_ns - slot.changed_ns >= max_age_ns_) Remove(slot);  // Nobody speaks to it any more.
      return false;
    }
    slot.tries = 0;
    slot.value.store(ValueBits(MacOf(value), NeighbourState::kProbe), std::memory_order_release);
  } else if (now_ns - slot.asked_ns < kArpRetryNs) {
    return false;
  }
  if (slot.tries >= kArpTriesMax) {
    due = {.key = key, .mac = MacOf(value), .failed = true};
    Remove(slot);
    counters.Add(Event::kArpFailed);
    return true;
  }
  ++slot.tries;
  slot.asked_ns = now_ns;
  // The last request of a probe is broadcast: the neighbour may have a new MAC.
  const bool unicast = state != NeighbourState::kIncomplete && slot.tries < kArpTriesMax;
  due = {.key = key, .mac = unicast ? MacOf(value) : kBroadcastMac, .failed = false};
  counters.Add(Event::kArpRequestsSent);
  return true;
}

std::size_t NeighbourTable::Tick(std::int64_t now_ns, std::span<ArpDue> due,
                                 Counters& counters) noexcept {
  std::size_t count = 0;
  const std::uint32_t looks = mask_ + 1 < kSlotsPerTick ? mask_ + 1 : kSlotsPerTick;
  for (std::uint32_t i = 0; i < looks && count < due.size(); ++i) {
    Slot& slot = slots_[cursor_];
    cursor_ = (cursor_ + 1) & mask_;
    if ((slot.key.load(std::memory_order_relaxed) & kUsed) == 0) continue;
    if (TickSlot(slot, now_ns, due[count], counters)) ++count;
  }
  return count;
}

std::uint32_t NeighbourTable::ForgetOutside(const InterfaceMap& interfaces, std::uint32_t first,
                                            std::span<NeighbourKey> held,
                                            std::size_t& held_count) noexcept {
  held_count = 0;
  const std::uint32_t end = mask_ + 1 - first < kSlotsPerTick ? mask_ + 1 : first + kSlotsPerTick;
  for (std::uint32_t at = first; at < end; ++at) {
    Slot& slot = slots_[at];
    const std::uint64_t bits = slot.key.load(std::memory_order_relaxed);
    if ((bits & kUsed) == 0) continue;
    const NeighbourKey key = KeyOf(bits);
    const InterfaceSpec& spec = interfaces.interface(key.interface);
    if (spec.enabled && Contains({spec.own_addr, spec.prefix_bits}, key.addr)) continue;
    if (slot.held > 0) {
      if (held_count == held.size()) return at;
      held[held_count++] = key;
    }
    Remove(slot);
  }
  return end == mask_ + 1 ? 0 : end;
}

void NeighbourTable::MarkAllStale(std::int64_t now_ns) noexcept {
  for (std::uint32_t i = 0; i <= mask_; ++i) {
    const std::uint64_t value = slots_[i].value.load(std::memory_order_relaxed);
    if (StateOf(value) != NeighbourState::kReachable) continue;
    slots_[i].used.store(0, std::memory_order_relaxed);
    slots_[i].changed_ns = now_ns;
    slots_[i].value.store(ValueBits(MacOf(value), NeighbourState::kStale),
                          std::memory_order_release);
  }
}

}  // namespace dataplane
