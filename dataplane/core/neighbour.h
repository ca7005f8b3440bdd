// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The neighbour table: which MAC an address on an interface has, learnt by ARP, asked for, aged.
//
// incomplete: asked, unknown. reachable: usable. stale: usable, asked again once a worker uses it.
// probe: usable, being asked. An entry that does not answer kArpTriesMax requests is removed.
//
// Threads: one writer (worker 0). Any worker may call Find() and Touch(): an entry is two atomic
// words, and Find() checks the key again after it has read the MAC, so it never returns another's.
// Memory: allocated by Create(), never afterwards.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "dataplane/core/arp.h"
#include "dataplane/core/counters.h"
#include "dataplane/core/interface.h"

namespace dataplane {

enum class NeighbourState : std::uint8_t {
  kNone = 0,
  kIncomplete = 1,
  kReachable = 2,
  kStale = 3,
  kProbe = 4,
};

inline constexpr std::uint8_t kArpTriesMax = 3;
inline constexpr std::int64_t kArpRetryNs = 1'000'000'000;
// Least time between two defences against stations that claim our addresses: a claim costs its
// sender one frame, so an answer to each would make this node an amplifier (RFC 5227 §2.4 asks for
// 10 s).
inline constexpr std::int64_t kArpDefenceNs = 1'000'000'000;
inline constexpr std::uint16_t kArpQueuePackets = 16;   // Held per unresolved neighbour.
inline constexpr std::uint32_t kArpQueueTotal = 1'024;  // Held over all neighbours.
inline constexpr std::uint32_t kNeighboursMax = 65'536;

struct NeighbourKey {
  std::uint8_t interface = 0;  // Index.
  NetAddr addr = 0;
  friend constexpr bool operator==(const NeighbourKey&, const NeighbourKey&) = default;
};

struct Neighbour {
  MacAddress mac;
  NeighbourState state = NeighbourState::kNone;
  // True if frames can be sent to `mac`.
  [[nodiscard]] bool usable() const { return state >= NeighbourState::kReachable; }
};

// What the caller must do after a packet found no usable neighbour.
struct ResolveOutcome {
  bool hold = false;          // Keep the packet; else drop it under `reason`.
  bool send_request = false;  // Broadcast a request now.
  DropReason reason = DropReason::kNone;
};

// What the caller must do after an ARP packet.
struct ArpOutcome {
  bool reply = false;     // Send BuildArpReply(answer_mac, answer_addr, packet).
  bool resolved = false;  // Packets held for (interface, packet.sender_addr) can go.
  bool conflict = false;  // Another station claims one of our addresses (counted).
  bool announce = false;  // Defend: send one gratuitous ARP for answer_addr.
  MacAddress answer_mac;
  NetAddr answer_addr = 0;
};

struct ArpDue {
  NeighbourKey key;
  MacAddress mac;       // Known MAC when probing, else broadcast.
  bool failed = false;  // Gave up: drop the packets held for the key; no request is to be sent.
};

class NeighbourTable final {
 public:
  // capacity: entries, at most kNeighboursMax. max_age_s: reachable → stale after this long.
  // Errors: kInvalidArgument naming value and limit.
  static absl::StatusOr<std::unique_ptr<NeighbourTable>> Create(std::uint32_t capacity,
                                                                std::uint32_t max_age_s);

  // ---- Any worker ----
  [[nodiscard]] Neighbour Find(const NeighbourKey& key) const noexcept;
  // The entry was used: a stale one will be asked for again. Cheap; call only if stale.
  void Touch(const NeighbourKey& key) noexcept;

  // ---- Writer ----
  // A packet to `key` found no usable entry. Counts the packet as held if `hold`.
  [[nodiscard]] ResolveOutcome Resolve(const NeighbourKey& key, std::int64_t now_ns,
                                       Counters& counters) noexcept;
  // Packets held for `key` were sent or dropped.
  void OnReleased(const NeighbourKey& key, std::uint16_t packets) noexcept;
  // An ARP packet arrived on `interface`. Learns senders that ask for us or that we know already.
  [[nodiscard]] ArpOutcome OnArp(std::uint8_t interface, const ArpPacket& packet,
                                 const InterfaceMap& interfaces, bool active, std::int64_t now_ns,
                                 Counters& counters) noexcept;
  // Retries, ageing, removal: looks at a bounded part of the table, fills `due`, returns their
  // number. Call about every 10 ms.
  std::size_t Tick(std::int64_t now_ns, std::span<ArpDue> due, Counters& counters) noexcept;
  // After a takeover: everything reachable becomes stale, so that it is asked again when used.
  void MarkAllStale(std::int64_t now_ns) noexcept;

  // Reachable → stale after this long, from now on.
  void SetMaxAge(std::uint32_t max_age_s) noexcept {
    max_age_ns_ = std::int64_t{max_age_s} * 1'000'000'000;
  }
  // Removes, from slot `first` on, entries that lie on no enabled interface's prefix any more;
  // looks at a bounded part of the table. Fills `held` with the keys of those that packets are held
  // for. Returns the slot to go on at, 0 when the whole table was looked at.
  std::uint32_t ForgetOutside(const InterfaceMap& interfaces, std::uint32_t first,
                              std::span<NeighbourKey> held, std::size_t& held_count) noexcept;

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t held_total() const noexcept { return held_total_; }

 private:
  struct Slot {
    std::atomic<std::uint64_t> key{0};    // KeyBits; 0: never used; kTombstone: removed.
    std::atomic<std::uint64_t> value{0};  // MAC in bits 0–47, state in 48–55.
    std::atomic<std::uint8_t> used{0};    // Set by readers, cleared by the writer.
    std::uint8_t tries = 0;               // Writer only, like the rest.
    std::uint16_t held = 0;
    std::int64_t changed_ns = 0;  // Last confirmation, or start of the state.
    std::int64_t asked_ns = 0;
  };
  NeighbourTable() = default;
  [[nodiscard]] Slot* FindSlot(std::uint64_t key) const noexcept;
  [[nodiscard]] Slot* AddSlot(std::uint64_t key) noexcept;  // Null when full.
  void Remove(Slot& slot) noexcept;
  void Confirm(Slot& slot, const MacAddress& mac, std::int64_t now_ns) noexcept;
  [[nodiscard]] bool TickSlot(Slot& slot, std::int64_t now_ns, ArpDue& due,
                              Counters& counters) noexcept;

  std::unique_ptr<Slot[]> slots_;
  std::uint32_t mask_ = 0;  // Invariant: mask_ + 1 is a power of two, at least 2 × capacity_.
  std::uint32_t capacity_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t held_total_ = 0;
  std::uint32_t cursor_ = 0;
  std::int64_t max_age_ns_ = 0;
  std::int64_t next_defence_ns_ = 0;
};

}  // namespace dataplane
