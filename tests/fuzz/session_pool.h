// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A few sessions that both sides of a story speak of: they share shards, and some share a NAT port,
// so that keys, slots and shards collide often.
//
// Threads: constants.  Memory: static.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "statesync/ensure.h"
#include "statesync/table/session_codec.h"
#include "statesync/table/session_table.h"

namespace statesync::fuzz {

inline constexpr std::size_t kPoolSessions = 48;
inline constexpr std::array<ShardIndex, 4> kPoolShards = {0, 1, 2, 255};
inline constexpr std::array<NetAddr, 2> kPoolNatAddresses = {0x0606'33c6, 0x0706'33c6};

inline std::array<NewSession, kPoolSessions> MakePool() {
  std::array<NewSession, kPoolSessions> pool{};
  for (std::size_t i = 0; i < kPoolSessions; ++i) {
    NewSession& s = pool[i];
    constexpr std::array<SessionState, 3> kStates = {
        SessionState::kTcpEstablished, SessionState::kUdpMultiple, SessionState::kTcpSynSent};
    s.key.source_addr = 0x0100'000a + (static_cast<NetAddr>(i) << 24);
    s.key.target_addr = 0x0200'00c0;
    s.key.target_port = FromNetwork(80);
    s.state = kStates[i % 3];
    s.key.protocol = ProtocolOf(s.state);
    s.rule = static_cast<std::uint16_t>(i);
    while (SessionTable::ShardOf(s.key) != kPoolShards[i % kPoolShards.size()]) {
      ++s.key.source_port;
    }
    if (i % 4 == 3) {
      s.nat_addr = kPoolNatAddresses[i % 8 == 3];
      s.nat_port = FromNetwork(
          SessionTable::NatPortInShard(s.key, s.nat_addr, static_cast<std::uint32_t>(i / 8)));
    }
  }
  return pool;
}
inline const std::array<NewSession, kPoolSessions>& Pool() {
  static const auto pool = MakePool();
  return pool;
}
inline const SessionRecord& PoolCodec() {
  static const SessionRecord codec = [] {
    SessionRecord made;
    made.Init(kPoolNatAddresses);
    return made;
  }();
  return codec;
}

inline std::unique_ptr<SessionTable> MakePoolTable(std::uint32_t capacity) {
  SessionTableOptions options;
  options.capacity = capacity;
  options.dirty_ring_handles = 64;  // So that it runs over.
  options.index_seed = 1;
  options.digest_key[0] = 11;
  options.digest_key[1] = 12;
  options.nat_addresses = kPoolNatAddresses;
  auto table = SessionTable::Create(options);
  ENSURE(table.ok());
  return std::move(table).value();
}

// The insert record of a pool session, as a peer would send it.
inline PreparedRecord InsertOf(const NewSession& session, Handle handle, std::uint8_t generation) {
  SessionImage image{};
  image.client_addr = session.key.source_addr;
  image.server_addr = session.key.target_addr;
  image.client_port = session.key.source_port;
  image.server_port = session.key.target_port;
  image.nat_addr = session.nat_addr;
  image.nat_port = session.nat_port;
  image.rule = session.rule;
  image.state = session.state;
  image.flags = session.nat_addr != 0 ? kSessionHasNat : std::uint8_t{0};
  SessionEntry entry{};
  SessionRecord::Fill(entry, image);
  entry.generation = generation;
  PreparedRecord record{};
  PoolCodec().EncodeInsert(entry, handle, record);
  return record;
}

}  // namespace statesync::fuzz
