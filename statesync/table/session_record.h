// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the generic table needs to know of a session: its keys, its name in digests, its bytes.
//
// A session has one index key, or two with source NAT: the pair of endpoints as the client's side
// sees them, and as the server's side does. An index key is unordered: one key for both directions.
//
// Threads: values only; of a SessionRecord only the NAT addresses change after Init().

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/table/hash.h"
#include "statesync/table/nat_addresses.h"
#include "statesync/table/replicated_table.h"
#include "statesync/table/session_entry.h"
#include "statesync/table/toeplitz.h"
#include "statesync/wire/record_sizes.h"
#include "statesync/wire/schema.h"
#include "statesync/wire/verdict.h"

namespace statesync {

// Two endpoints and a protocol in two words. Endpoints are (address, port) as in a packet.
struct KeyWords {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  friend constexpr bool operator==(const KeyWords&, const KeyWords&) = default;
};

constexpr std::uint64_t EndpointWord(NetAddr addr, NetPort port) {
  return addr | (static_cast<std::uint64_t>(port) << 32);
}
// The same words for both directions.
constexpr KeyWords UnorderedKey(NetAddr addr, NetPort port, NetAddr other_addr, NetPort other_port,
                                std::uint8_t protocol) {
  const std::uint64_t one = EndpointWord(addr, port);
  const std::uint64_t other = EndpointWord(other_addr, other_port);
  return {std::min(one, other),
          std::max(one, other) | (static_cast<std::uint64_t>(protocol) << 48)};
}
constexpr KeyWords UnorderedKey(const FlowKey& key) {
  return UnorderedKey(key.source_addr, key.source_port, key.target_addr, key.target_port,
                      key.protocol);
}

constexpr ShardIndex ShardOfEndpoints(NetAddr addr, NetPort port, NetAddr other_addr,
                                      NetPort other_port) {
  const NetAddr addrs = addr ^ other_addr;
  return Toeplitz(FromNetwork(static_cast<std::uint16_t>((addrs & 0xffff) ^ (addrs >> 16) ^
                                                         static_cast<NetAddr>(port ^ other_port))));
}

// A session's key and value without a place: what a worker inserts and what a record says. The
// first seven fields lie as in the entry, so that they are copied at once. Not initialised: a batch
// of them lives on the stack of the hot path.
struct SessionImage {
  NetAddr client_addr;
  NetAddr server_addr;
  NetPort client_port;
  NetPort server_port;
  NetAddr nat_addr;
  NetPort nat_port;
  std::uint16_t rule;
  std::uint32_t edge[2];

  std::uint32_t last_seen_s;
  SessionState state;
  std::uint8_t flags;
  std::uint8_t scales;
};
inline constexpr std::size_t kSessionBodyAt = offsetof(SessionEntry, client_addr);
inline constexpr std::size_t kSessionBodyBytes = offsetof(SessionImage, last_seen_s);
static_assert(offsetof(SessionImage, server_port) + kSessionBodyAt ==
              offsetof(SessionEntry, server_port));
static_assert(offsetof(SessionImage, nat_addr) + kSessionBodyAt ==
              offsetof(SessionEntry, nat_addr));
static_assert(offsetof(SessionImage, edge) + kSessionBodyAt == offsetof(SessionEntry, edge));
static_assert(kSessionBodyBytes == 28);

// Works for entries and images alike.
template <typename Session>
constexpr KeyWords ClientKey(const Session& s) {
  return UnorderedKey(s.client_addr, s.client_port, s.server_addr, s.server_port,
                      ProtocolOf(static_cast<SessionState>(s.state)));
}
template <typename Session>
constexpr KeyWords NatKey(const Session& s) {
  return UnorderedKey(s.nat_addr, s.nat_port, s.server_addr, s.server_port,
                      ProtocolOf(static_cast<SessionState>(s.state)));
}

class SessionRecord {
 public:
  using Entry = SessionEntry;
  using Image = SessionImage;
  using Key = KeyWords;  // What names an entry.
  static constexpr TableId kTable = TableId::kSession;
  static constexpr std::uint32_t kKeysMax = 2;

  struct Keys {
    std::array<KeyWords, kKeysMax> words;
    std::uint32_t count;
  };

  // nat_addresses: as NatAddresses::Init; copied.
  void Init(std::span<const NetAddr> nat_addresses) noexcept { own_nat_.Init(nat_addresses); }
  // Other addresses from here on. `addresses` must live until every thread that uses the table has
  // begun anew after the next call; one thread calls this, others may encode and decode meanwhile.
  void SetNatAddresses(const NatAddresses& addresses) noexcept {
    std::atomic_ref(nat_).store(&addresses, std::memory_order_release);
  }
  // The addresses in use.
  [[nodiscard]] const NatAddresses& nat() const noexcept {
    const NatAddresses* const set = std::atomic_ref(nat_).load(std::memory_order_acquire);
    return set == nullptr ? own_nat_ : *set;
  }

  // ---- Keys ----

  template <typename Session>
  [[nodiscard]] static Keys KeysOf(const Session& s) noexcept {
    const bool nat = (s.flags & kSessionHasNat) != 0;
    return {{ClientKey(s), nat ? NatKey(s) : KeyWords{}}, nat ? 2u : 1u};
  }
  // The entry is one that `words` must find.
  [[nodiscard]] static bool Owns(const Entry& entry, const KeyWords& words) noexcept {
    return ClientKey(entry) == words ||
           ((entry.flags & kSessionHasNat) != 0 && NatKey(entry) == words);
  }
  // `words` is the key that names the entry, not another of its keys.
  [[nodiscard]] static bool IsKnownBy(const Entry& entry, const KeyWords& words) noexcept {
    return ClientKey(entry) == words;
  }
  // The same session, whatever its NAT: same client, server and protocol.
  [[nodiscard]] static bool IsSame(const Entry& entry, const Image& image) noexcept {
    return entry.client_addr == image.client_addr && entry.server_addr == image.server_addr &&
           entry.client_port == image.client_port && entry.server_port == image.server_port &&
           ProtocolOf(static_cast<SessionState>(entry.state)) == ProtocolOf(image.state);
  }
  // All keys are the same, for a session that IsSame().
  [[nodiscard]] static bool HasSameKeys(const Entry& entry, const Image& image) noexcept {
    return ((entry.flags ^ image.flags) & kSessionHasNat) == 0 &&
           entry.nat_addr == image.nat_addr && entry.nat_port == image.nat_port;
  }
  // PROTOCOL.md §9: client and server endpoint in little-endian order of their packet bytes,
  // protocol in bits 48–55 and table in bits 56–63 of the first word.
  [[nodiscard]] static Uint128 NameOf(const Entry& entry, const DigestKey& key) noexcept {
    constexpr std::uint64_t kTableBits = static_cast<std::uint64_t>(kTable) << 56;
    const auto protocol =
        static_cast<std::uint64_t>(ProtocolOf(static_cast<SessionState>(entry.state)));
    return NameHash(
        EndpointWord(entry.client_addr, entry.client_port) | (protocol << 48) | kTableBits,
        EndpointWord(entry.server_addr, entry.server_port), key);
  }

  // ---- Entry ----

  [[nodiscard]] static bool IsLive(const Entry& entry) noexcept {
    return entry.state != 0 && entry.tombstone == Tombstone::kLive;
  }
  // False for sessions that stay on this node: they are neither published nor listed.
  [[nodiscard]] static bool IsReplicated(const Entry& entry) noexcept {
    return static_cast<SessionState>(entry.state) != SessionState::kIcmpEcho ||
           (entry.flags & kSessionLocalOnly) == 0;
  }
  // Another value that replicates, whatever it was. For Table::Damage.
  static void DamageValue(Entry& entry) noexcept { entry.rule ^= 0x4000; }
  // False while something may change that only inserts carry: the server's window scale is known
  // with its SYN-ACK.
  [[nodiscard]] static bool IsSettled(const Entry& entry) noexcept {
    return static_cast<SessionState>(entry.state) != SessionState::kTcpSynSent;
  }
  // Writes key and value; the place's own fields (generation, version, marks) stay.
  static void Fill(Entry& entry, const Image& image) noexcept;

  // ---- Bytes ----

  [[nodiscard]] static std::size_t RecordBytes(Op op, std::uint8_t schema) noexcept {
    return KnownRecordBytes(kTable, op, schema);
  }
  [[nodiscard]] static std::uint8_t SchemaMax(Op op) noexcept;

  // Each writes record.bytes, op, schema and record_bytes from a copy of the entry.
  void EncodeInsert(const Entry& entry, Handle handle, PreparedRecord& record) const noexcept;
  static void EncodeUpdate(const Entry& entry, Handle handle, PreparedRecord& record) noexcept;
  static void EncodeDelete(Handle handle, PreparedRecord& record) noexcept;
  static void EncodeKeyedDelete(const Entry& entry, Handle handle, PreparedRecord& record) noexcept;

  // An insert record, handle aside, of which only what is the same until the next publication is
  // left: of an edge the multiple of 4 MiB below it. False if the entry cannot be compared now: an
  // edge is so close to the next multiple that its rounded image is there already.
  [[nodiscard]] bool EncodeForComparison(const Entry& entry, PreparedRecord& record) const noexcept;

  // First broken rule of an insert record, or kAccepted. known: false if the record names an id
  // that this node does not have; then the image is not usable.
  [[nodiscard]] Verdict DecodeInsert(std::uint8_t schema, const std::byte* bytes, ShardIndex& shard,
                                     Image& image, bool& known) const noexcept;
  // The key of a keyed delete and the last version that it ends. First broken rule, or kAccepted.
  [[nodiscard]] static Verdict DecodeKeyedDelete(const std::byte* bytes, ShardIndex& shard,
                                                 KeyWords& key, Version& upto) noexcept;
  // Checks an update against the entry it is for, and writes it (the caller holds the sequence
  // word).
  [[nodiscard]] static Verdict CheckUpdate(const std::byte* bytes, const Entry& entry) noexcept;
  static void FillUpdate(const std::byte* bytes, Entry& entry) noexcept;

 private:
  NatAddresses own_nat_;
  mutable const NatAddresses* nat_ = nullptr;  // Atomic; null: own_nat_.
};

}  // namespace statesync
