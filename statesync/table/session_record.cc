// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/table/session_record.h"

#include <cstring>

#include "statesync/ensure.h"

namespace statesync {
namespace {

// What the peer's window edges say of this node's tracking: nothing yet. The first packet of each
// direction anchors them anew.
constexpr std::uint8_t kReanchorBoth = kSessionReanchorClient | kSessionReanchorServer;

// Highest sequence number in units of 256, rounded up: the standby never lags behind the truth.
std::uint32_t EdgeUnits(std::uint32_t edge) { return ((edge + 255) >> 8) & 0xff'ffff; }
std::uint32_t EdgeFromUnits(std::uint32_t units) { return units << 8; }

bool IsSessionState(std::uint8_t state) {
  return ProtocolOf(static_cast<SessionState>(state)) != 0;
}

template <typename Field, typename Value>
void StoreNetwork(Field& field, Value value) {
  static_assert(sizeof(Field) == sizeof(Value));
  std::memcpy(static_cast<void*>(&field), &value, sizeof(value));
}
template <typename Value, typename Field>
Value LoadNetwork(const Field& field) {
  static_assert(sizeof(Field) == sizeof(Value));
  Value value;
  std::memcpy(&value, &field, sizeof(value));
  return value;
}

void SetHandle(WireHandle& wire, Handle handle, std::uint8_t generation) {
  wire.shard = handle.shard;
  wire.slot.Set(handle.slot);
  wire.generation = generation;
}

void FillInsert(SessionInsertV4& record, const SessionEntry& entry, Handle handle) {
  SetHandle(record.handle, handle, entry.generation);
  StoreNetwork(record.client_addr, entry.client_addr);
  StoreNetwork(record.server_addr, entry.server_addr);
  StoreNetwork(record.client_port, entry.client_port);
  StoreNetwork(record.server_port, entry.server_port);
  record.state = entry.state;
  record.client_edge.Set(EdgeUnits(entry.edge[0]));
  record.server_edge.Set(EdgeUnits(entry.edge[1]));
  record.scales = entry.scales;
  record.rule.Set(entry.rule);
}

template <typename Record>
void Put(PreparedRecord& target, Op op, std::uint8_t schema, const Record& record) {
  static_assert(sizeof(Record) <= kRecordBytesMax);
  target.op = op;
  target.schema = schema;
  target.record_bytes = sizeof(Record);
  std::memcpy(target.bytes.data(), &record, sizeof(Record));
}

}  // namespace

void SessionRecord::Init(std::span<const NetAddr> nat_addresses) noexcept {
  ENSURE(nat_addresses.size() <= kNatAddressesMax);
  nat_count_ = nat_addresses.size();
  std::copy(nat_addresses.begin(), nat_addresses.end(), nat_addresses_.begin());
  nat_places_.fill(kNatIndexNone);
  for (std::size_t i = 0; i < nat_count_; ++i) {
    std::size_t place = NatPlaceOf(nat_addresses[i]);
    while (nat_places_[place] != kNatIndexNone) place = (place + 1) % kNatPlaces;
    nat_places_[place] = static_cast<std::uint8_t>(i);
  }
}

std::uint8_t SessionRecord::NatIndexOf(NetAddr addr) const noexcept {
  for (std::size_t place = NatPlaceOf(addr);; place = (place + 1) % kNatPlaces) {
    const std::uint8_t index = nat_places_[place];
    if (index == kNatIndexNone || nat_addresses_[index] == addr) return index;
  }
}

void SessionRecord::Fill(Entry& entry, const Image& image) noexcept {
  entry.client_addr = image.client_addr;
  entry.server_addr = image.server_addr;
  entry.client_port = image.client_port;
  entry.server_port = image.server_port;
  entry.nat_addr = image.nat_addr;
  entry.nat_port = image.nat_port;
  entry.rule = image.rule;
  for (int i = 0; i < 2; ++i) {
    entry.edge[i] = image.edge[i];
    entry.limit[i] = image.edge[i];
    entry.window[i] = 0;
  }
  entry.last_seen_s = image.last_seen_s;
  entry.state = static_cast<std::uint8_t>(image.state);
  entry.flags = image.flags;
  entry.scales = image.scales;
  entry.anchored_term = 0;
}

std::uint8_t SessionRecord::SchemaMax(Op op) noexcept {
  switch (op) {
    case Op::kInsert:
      return kSessionInsertV4Nat;
    case Op::kUpdate:
      return kSessionUpdate;
    case Op::kDelete:
      return kSessionDelete;
  }
  return 0;
}

void SessionRecord::EncodeInsert(const Entry& entry, Handle handle,
                                 PreparedRecord& record) const noexcept {
  if ((entry.flags & kSessionHasNat) == 0) {
    SessionInsertV4 wire;
    FillInsert(wire, entry, handle);
    Put(record, Op::kInsert, kSessionInsertV4, wire);
    return;
  }
  SessionInsertV4Nat wire;
  FillInsert(wire.base, entry, handle);
  wire.nat_index = NatIndexOf(entry.nat_addr);
  StoreNetwork(wire.nat_port, entry.nat_port);
  Put(record, Op::kInsert, kSessionInsertV4Nat, wire);
}

void SessionRecord::EncodeUpdate(const Entry& entry, Handle handle,
                                 PreparedRecord& record) noexcept {
  SessionUpdate wire;
  SetHandle(wire.handle, handle, entry.generation);
  wire.state = entry.state;
  wire.client_edge.Set(EdgeUnits(entry.edge[0]));
  wire.server_edge.Set(EdgeUnits(entry.edge[1]));
  Put(record, Op::kUpdate, kSessionUpdate, wire);
}

void SessionRecord::EncodeDelete(Handle handle, PreparedRecord& record) noexcept {
  SessionDelete wire;
  wire.shard = handle.shard;
  wire.slot.Set(handle.slot);
  Put(record, Op::kDelete, kSessionDelete, wire);
}

Verdict SessionRecord::DecodeInsert(std::uint8_t schema, const std::byte* bytes, ShardIndex& shard,
                                    Image& image, bool& known) const noexcept {
  SessionInsertV4 wire;
  std::memcpy(&wire, bytes, sizeof(wire));
  shard = wire.handle.shard;
  known = true;
  if (wire.handle.slot.Get() == kNoSlot) return Verdict::kSlotNone;
  if (!IsSessionState(wire.state)) return Verdict::kSessionState;
  image.client_addr = LoadNetwork<NetAddr>(wire.client_addr);
  image.server_addr = LoadNetwork<NetAddr>(wire.server_addr);
  image.client_port = LoadNetwork<NetPort>(wire.client_port);
  image.server_port = LoadNetwork<NetPort>(wire.server_port);
  image.rule = wire.rule.Get();
  image.edge[0] = EdgeFromUnits(wire.client_edge.Get());
  image.edge[1] = EdgeFromUnits(wire.server_edge.Get());
  image.state = static_cast<SessionState>(wire.state);
  image.flags = kReanchorBoth;
  image.scales = wire.scales;
  image.nat_addr = 0;
  image.nat_port = 0;
  if (ShardOfEndpoints(image.client_addr, image.client_port, image.server_addr,
                       image.server_port) != shard) {
    return Verdict::kSessionWrongShard;
  }
  if (schema != kSessionInsertV4Nat) return Verdict::kAccepted;

  SessionInsertV4Nat nat;
  std::memcpy(&nat, bytes, sizeof(nat));
  if (nat.nat_index >= nat_count_) {
    known = false;
    return Verdict::kAccepted;
  }
  image.flags |= kSessionHasNat;
  image.nat_addr = nat_addresses_[nat.nat_index];
  image.nat_port = LoadNetwork<NetPort>(nat.nat_port);
  if (ShardOfEndpoints(image.nat_addr, image.nat_port, image.server_addr, image.server_port) !=
      shard) {
    return Verdict::kSessionNatShard;
  }
  return NatKey(image) == ClientKey(image) ? Verdict::kSessionNatIsClient : Verdict::kAccepted;
}

Verdict SessionRecord::CheckUpdate(const std::byte* bytes, const Entry& entry) noexcept {
  const auto state = static_cast<std::uint8_t>(bytes[offsetof(SessionUpdate, state)]);
  if (!IsSessionState(state)) return Verdict::kSessionState;
  return ProtocolOf(static_cast<SessionState>(state)) ==
                 ProtocolOf(static_cast<SessionState>(entry.state))
             ? Verdict::kAccepted
             : Verdict::kSessionProtocol;
}

void SessionRecord::FillUpdate(const std::byte* bytes, Entry& entry) noexcept {
  SessionUpdate wire;
  std::memcpy(&wire, bytes, sizeof(wire));
  entry.state = wire.state;
  entry.edge[0] = EdgeFromUnits(wire.client_edge.Get());
  entry.edge[1] = EdgeFromUnits(wire.server_edge.Get());
  entry.limit[0] = entry.edge[0];
  entry.limit[1] = entry.edge[1];
  entry.flags |= kReanchorBoth;
}

}  // namespace statesync
