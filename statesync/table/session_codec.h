// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// SessionRecord's bytes: entries to records and records to images. Inline, because it runs once per
// record; addresses and ports are copied as they lie in packets, fields side by side go in one
// word.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstring>

#include "statesync/table/session_record.h"

namespace statesync {
namespace internal {

// The edges of an applied record are the peer's; the first packet of each direction anchors them
// anew.
inline constexpr std::uint8_t kReanchorBoth = kSessionReanchorClient | kSessionReanchorServer;

// Highest sequence number in units of 256, rounded up: the standby never lags behind the truth.
constexpr std::uint64_t EdgeUnits(std::uint32_t edge) {
  return ((edge + kEdgeRoundingMax) >> kEdgeUnitShift) & 0xff'ffff;
}
constexpr std::uint32_t EdgeOf(std::uint64_t units) {
  return static_cast<std::uint32_t>(units) << kEdgeUnitShift;
}

constexpr bool IsSessionState(std::uint8_t state) {
  return ProtocolOf(static_cast<SessionState>(state)) != 0;
}

// Client and server address and port lie alike in the record, the image and the entry.
inline constexpr std::size_t kEndpointsAt = offsetof(SessionInsertV4, client_addr);
inline constexpr std::size_t kEndpointsBytes = 12;
inline constexpr std::size_t kDeleteEndpointsAt = offsetof(SessionDeleteV4, client_addr);
static_assert(offsetof(SessionInsertV4, server_port) == kEndpointsAt + 10);
static_assert(offsetof(SessionDeleteV4, server_port) == kDeleteEndpointsAt + 10);
static_assert(offsetof(SessionEntry, server_port) == offsetof(SessionEntry, client_addr) + 10);

// State, edges and scales of an insert are eight bytes; generation, state and edges of an update
// too.
inline constexpr std::size_t kInsertStateAt = offsetof(SessionInsertV4, state);
static_assert(offsetof(SessionInsertV4, client_edge) == kInsertStateAt + 1);
static_assert(offsetof(SessionInsertV4, server_edge) == kInsertStateAt + 4);
static_assert(offsetof(SessionInsertV4, scales) == kInsertStateAt + 7);
inline constexpr std::size_t kUpdateGenerationAt = offsetof(WireHandle, generation);
static_assert(offsetof(SessionUpdate, state) == kUpdateGenerationAt + 1);
static_assert(offsetof(SessionUpdate, client_edge) == kUpdateGenerationAt + 2);
static_assert(offsetof(SessionUpdate, server_edge) == kUpdateGenerationAt + 5);
static_assert(sizeof(SessionUpdate) == kUpdateGenerationAt + 8);

inline void StoreHandle(std::byte* bytes, Handle handle, std::uint8_t generation) {
  bytes[0] = static_cast<std::byte>(handle.shard);
  bytes[1] = static_cast<std::byte>(handle.slot >> 8);
  bytes[2] = static_cast<std::byte>(handle.slot & 0xff);
  bytes[3] = static_cast<std::byte>(generation);
}
inline std::uint16_t LoadNetwork16(const std::byte* bytes) {
  std::uint16_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

}  // namespace internal

inline void SessionRecord::Fill(Entry& entry, const Image& image) noexcept {
  std::memcpy(reinterpret_cast<std::byte*>(&entry) + kSessionBodyAt, &image, kSessionBodyBytes);
  std::memcpy(entry.limit, image.edge, sizeof(entry.limit));
  entry.window[0] = entry.window[1] = 0;
  entry.last_seen_s = image.last_seen_s;
  entry.state = static_cast<std::uint8_t>(image.state);
  entry.flags = image.flags;
  entry.scales = image.scales;
  entry.anchored_term = 0;
}

inline void SessionRecord::EncodeInsert(const Entry& entry, Handle handle,
                                        PreparedRecord& record) const noexcept {
  std::byte* bytes = record.bytes.data();
  internal::StoreHandle(bytes, handle, entry.generation);
  std::memcpy(bytes + internal::kEndpointsAt, &entry.client_addr, sizeof(entry.client_addr));
  std::memcpy(bytes + internal::kEndpointsAt + 4, &entry.server_addr, sizeof(entry.server_addr));
  std::memcpy(bytes + internal::kEndpointsAt + 8, &entry.client_port, sizeof(entry.client_port));
  std::memcpy(bytes + internal::kEndpointsAt + 10, &entry.server_port, sizeof(entry.server_port));
  StoreBigEndian64(bytes + internal::kInsertStateAt,
                   (static_cast<std::uint64_t>(entry.state) << 56) |
                       (internal::EdgeUnits(entry.edge[0]) << 32) |
                       (internal::EdgeUnits(entry.edge[1]) << 8) | entry.scales);
  const U16be rule{entry.rule};
  std::memcpy(bytes + offsetof(SessionInsertV4, rule), &rule, sizeof(rule));
  record.op = Op::kInsert;
  record.schema = kSessionInsertV4;
  record.record_bytes = sizeof(SessionInsertV4);
  if ((entry.flags & kSessionHasNat) == 0) return;
  bytes[offsetof(SessionInsertV4Nat, nat_index)] =
      static_cast<std::byte>(nat().IndexOf(entry.nat_addr));
  std::memcpy(bytes + offsetof(SessionInsertV4Nat, nat_port), &entry.nat_port,
              sizeof(entry.nat_port));
  record.schema = kSessionInsertV4Nat;
  record.record_bytes = sizeof(SessionInsertV4Nat);
}

inline bool SessionRecord::EncodeForComparison(const Entry& entry,
                                               PreparedRecord& record) const noexcept {
  constexpr unsigned kUnitsShift = kEdgePublishShift - kEdgeUnitShift;
  constexpr std::uint64_t kWithin = (std::uint64_t{1} << kUnitsShift) - 1;
  for (const std::uint32_t edge : entry.edge) {
    if (internal::EdgeUnits(edge) >> kUnitsShift != edge >> kEdgePublishShift) return false;
  }
  EncodeInsert(entry, {}, record);
  std::byte* bytes = record.bytes.data() + internal::kInsertStateAt;
  StoreBigEndian64(bytes, LoadBigEndian64(bytes) & ~(kWithin << 32 | kWithin << 8));
  return true;
}

inline void SessionRecord::EncodeUpdate(const Entry& entry, Handle handle,
                                        PreparedRecord& record) noexcept {
  std::byte* bytes = record.bytes.data();
  internal::StoreHandle(bytes, handle, entry.generation);
  StoreBigEndian64(bytes + internal::kUpdateGenerationAt,
                   (static_cast<std::uint64_t>(entry.generation) << 56) |
                       (static_cast<std::uint64_t>(entry.state) << 48) |
                       (internal::EdgeUnits(entry.edge[0]) << 24) |
                       internal::EdgeUnits(entry.edge[1]));
  record.op = Op::kUpdate;
  record.schema = kSessionUpdate;
  record.record_bytes = sizeof(SessionUpdate);
}

inline void SessionRecord::EncodeDelete(Handle handle, PreparedRecord& record) noexcept {
  static_assert(sizeof(SessionDelete) == 3);
  internal::StoreHandle(record.bytes.data(), handle, 0);
  record.op = Op::kDelete;
  record.schema = kSessionDelete;
  record.record_bytes = sizeof(SessionDelete);
}

inline void SessionRecord::EncodeKeyedDelete(const Entry& entry, Handle handle,
                                             PreparedRecord& record) noexcept {
  std::byte* bytes = record.bytes.data();
  internal::StoreHandle(bytes, handle, 0);
  std::memcpy(bytes + internal::kDeleteEndpointsAt,
              reinterpret_cast<const std::byte*>(&entry) + kSessionBodyAt,
              internal::kEndpointsBytes);
  bytes[offsetof(SessionDeleteV4, protocol)] =
      static_cast<std::byte>(ProtocolOf(static_cast<SessionState>(entry.state)));
  StoreBigEndian64(bytes + offsetof(SessionDeleteV4, upto), entry.version);
  record.op = Op::kDelete;
  record.schema = kSessionDeleteV4;
  record.record_bytes = sizeof(SessionDeleteV4);
}

inline Verdict SessionRecord::DecodeKeyedDelete(const std::byte* bytes, ShardIndex& shard,
                                                KeyWords& key, Version& upto) noexcept {
  SessionImage image;
  std::memcpy(static_cast<void*>(&image), bytes + internal::kDeleteEndpointsAt,
              internal::kEndpointsBytes);
  shard = static_cast<ShardIndex>(bytes[0]);
  upto = {LoadBigEndian64(bytes + offsetof(SessionDeleteV4, upto))};
  key = UnorderedKey(image.client_addr, image.client_port, image.server_addr, image.server_port,
                     std::to_integer<std::uint8_t>(bytes[offsetof(SessionDeleteV4, protocol)]));
  return ShardOfEndpoints(image.client_addr, image.client_port, image.server_addr,
                          image.server_port) == shard
             ? Verdict::kAccepted
             : Verdict::kSessionWrongShard;
}

inline Verdict SessionRecord::DecodeInsert(std::uint8_t schema, const std::byte* bytes,
                                           ShardIndex& shard, Image& image,
                                           bool& known) const noexcept {
  const std::uint64_t word = LoadBigEndian64(bytes + internal::kInsertStateAt);
  const auto state = static_cast<std::uint8_t>(word >> 56);
  shard = static_cast<ShardIndex>(bytes[0]);
  known = true;
  if (internal::LoadNetwork16(bytes + 1) == kNoSlot) return Verdict::kSlotNone;
  if (!internal::IsSessionState(state)) return Verdict::kSessionState;
  std::memcpy(static_cast<void*>(&image), bytes + internal::kEndpointsAt,
              internal::kEndpointsBytes);
  image.rule = FromNetwork(internal::LoadNetwork16(bytes + offsetof(SessionInsertV4, rule)));
  image.edge[0] = internal::EdgeOf(word >> 32);
  image.edge[1] = internal::EdgeOf(word >> 8);
  image.state = static_cast<SessionState>(state);
  image.flags = internal::kReanchorBoth;
  image.scales = static_cast<std::uint8_t>(word);
  image.nat_addr = 0;
  image.nat_port = 0;
  if (ShardOfEndpoints(image.client_addr, image.client_port, image.server_addr,
                       image.server_port) != shard) {
    return Verdict::kSessionWrongShard;
  }
  if (schema != kSessionInsertV4Nat) return Verdict::kAccepted;

  const auto index = static_cast<std::uint8_t>(bytes[offsetof(SessionInsertV4Nat, nat_index)]);
  const NetAddr nat_addr = nat().AddressOf(index);
  if (nat_addr == 0) {
    known = false;
    return Verdict::kAccepted;
  }
  image.flags |= kSessionHasNat;
  image.nat_addr = nat_addr;
  image.nat_port = internal::LoadNetwork16(bytes + offsetof(SessionInsertV4Nat, nat_port));
  if (ShardOfEndpoints(image.nat_addr, image.nat_port, image.server_addr, image.server_port) !=
      shard) {
    return Verdict::kSessionNatShard;
  }
  return NatKey(image) == ClientKey(image) ? Verdict::kSessionNatIsClient : Verdict::kAccepted;
}

inline Verdict SessionRecord::CheckUpdate(const std::byte* bytes, const Entry& entry) noexcept {
  const auto state = static_cast<std::uint8_t>(bytes[offsetof(SessionUpdate, state)]);
  const std::uint8_t protocol = ProtocolOf(static_cast<SessionState>(state));
  if (protocol == 0) return Verdict::kSessionState;
  return protocol == ProtocolOf(static_cast<SessionState>(entry.state)) ? Verdict::kAccepted
                                                                        : Verdict::kSessionProtocol;
}

inline void SessionRecord::FillUpdate(const std::byte* bytes, Entry& entry) noexcept {
  const std::uint64_t word = LoadBigEndian64(bytes + internal::kUpdateGenerationAt);
  entry.state = static_cast<std::uint8_t>(word >> 48);
  entry.edge[0] = entry.limit[0] = internal::EdgeOf(word >> 24);
  entry.edge[1] = entry.limit[1] = internal::EdgeOf(word);
  entry.flags |= internal::kReanchorBoth;
}

}  // namespace statesync
