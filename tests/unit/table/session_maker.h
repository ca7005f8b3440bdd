// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Sessions and tables for tests: distinct random keys, NAT ports, a pair of tables that replicate
// without a network.

#pragma once

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/ensure.h"
#include "statesync/table/session_record.h"
#include "statesync/table/session_table.h"
#include "statesync/table/table.h"

namespace statesync {

inline constexpr NetAddr kNatAddr = 0x0706'33c6;  // 198.51.6.7 in network order.
inline constexpr std::array<NetAddr, 2> kNatAddresses = {0x0606'33c6, kNatAddr};
inline constexpr std::uint16_t kEpoch = 0x0107;
inline constexpr Term kTerm{9};

inline std::unique_ptr<SessionTable> MakeTable(std::uint32_t capacity = 4'096,
                                               std::uint64_t index_seed = 1,
                                               std::uint32_t ring_handles = 4'096) {
  SessionTableOptions options;
  options.capacity = capacity;
  options.index_seed = index_seed;
  options.digest_key[0] = 11;
  options.digest_key[1] = 12;
  options.dirty_ring_handles = ring_handles;
  options.nat_addresses = kNatAddresses;
  auto table = SessionTable::Create(options);
  EXPECT_TRUE(table.ok()) << table.status();
  return std::move(table).value();
}

inline FlowKey Reverse(const FlowKey& key) {
  return {key.target_addr, key.source_addr, key.target_port, key.source_port, key.protocol};
}

// The key of a server's packet to a session.
inline FlowKey ReplyKey(const NewSession& s) {
  if (s.nat_addr == 0) return Reverse(s.key);
  return {s.key.target_addr, s.nat_addr, s.key.target_port, s.nat_port, s.key.protocol};
}

class SessionMaker {
 public:
  explicit SessionMaker(std::uint64_t seed) : random_(seed) {}

  NewSession Plain() {
    NewSession s;
    // A counter in the client's address keeps keys distinct.
    s.key.source_addr = ++count_ * 2'654'435'761u;
    s.key.target_addr = static_cast<NetAddr>(random_());
    s.key.source_port = static_cast<NetPort>(random_());
    s.key.target_port = static_cast<NetPort>(random_());
    s.key.protocol = 6;
    s.rule = 77;
    s.state = SessionState::kTcpEstablished;
    return s;
  }
  // With a NAT port of the shard; whether it is taken, the table knows.
  NewSession Nat() {
    NewSession s = Plain();
    s.nat_addr = kNatAddr;
    s.nat_port = FromNetwork(
        SessionTable::NatPortInShard(s.key, kNatAddr, static_cast<std::uint32_t>(random_() % 256)));
    return s;
  }
  NewSession Any() { return random_() % 2 == 0 ? Nat() : Plain(); }
  std::uint64_t Random() { return random_(); }

 private:
  std::mt19937_64 random_;
  std::uint32_t count_ = 0;
};

// Inserts and marks; the handle, which must come.
inline Handle MustInsert(SessionTable& table, const NewSession& session) {
  Handle handle;
  EXPECT_EQ(table.Insert(session, handle), InsertResult::kInserted);
  table.MarkDirtyBatch(0, {&handle, 1});
  return handle;
}
inline void MustDelete(SessionTable& table, Handle handle) {
  table.Delete(handle);
  table.MarkDirtyBatch(0, {&handle, 1});
}

// One record as the peer would get it, with the version it was published under.
struct Published {
  PreparedRecord record;
  Version version;
};

inline PreparedRecord Prepare(SessionTable& table, Handle handle, bool keyed_only = false,
                              std::uint16_t epoch = kEpoch) {
  PreparedRecord record;
  table.replicated().PrepareBatch({&handle, 1}, epoch, keyed_only, {&record, 1});
  return record;
}

// Publishes what is dirty, as the engine would: nothing to say retires the slot.
inline std::vector<Published> PublishDirty(SessionTable& table, std::uint64_t& counter,
                                           std::uint16_t epoch = kEpoch) {
  std::vector<Published> all;
  std::array<Handle, 16> handles;
  while (const std::size_t count = table.replicated().TakeDirtyBatch(handles)) {
    for (std::size_t i = 0; i < count; ++i) {
      const PreparedRecord record = Prepare(table, handles[i], false, epoch);
      if (record.result == PrepareResult::kNothing) {
        table.replicated().Retire(handles[i]);
        continue;
      }
      EXPECT_EQ(record.result, PrepareResult::kRecord);
      const Version version = MakeVersion(kTerm, counter++);
      table.replicated().OnPublished(record, version, epoch);
      all.push_back({record, version});
    }
  }
  return all;
}

inline ApplyOutcome ApplyInsert(SessionTable& table, const Published& p) {
  const std::byte* bytes = p.record.bytes.data();
  ApplyOutcome outcome{};
  table.replicated().ApplyInsertBatch(p.record.schema, {&bytes, 1}, {&p.version, 1}, {&outcome, 1});
  return outcome;
}
inline ApplyOutcome ApplyUpdate(SessionTable& table, const Published& p, OwnHandle own) {
  const std::byte* bytes = p.record.bytes.data();
  ApplyOutcome outcome{};
  table.replicated().ApplyUpdateBatch(p.record.schema, {&bytes, 1}, {&own, 1}, {&p.version, 1},
                                      {&outcome, 1});
  return outcome;
}
inline ApplyOutcome ApplyDelete(SessionTable& table, Version version, OwnHandle own) {
  ApplyOutcome outcome{};
  table.replicated().ApplyDeleteBatch({&own, 1}, {&version, 1}, {&outcome, 1});
  return outcome;
}
inline OwnHandle OwnOf(const Published& p, const ApplyOutcome& outcome) {
  return {p.record.handle.shard, outcome.generation, outcome.slot};
}

// Shards whose digests differ.
inline std::size_t DifferingShards(SessionTable& a, SessionTable& b) {
  std::size_t differing = 0;
  for (std::size_t s = 0; s < kShardCount; ++s) {
    const ShardDigest da = a.replicated().Digest(static_cast<ShardIndex>(s));
    const ShardDigest db = b.replicated().Digest(static_cast<ShardIndex>(s));
    differing += da.count != db.count || !(da.sum == db.sum);
  }
  return differing;
}

}  // namespace statesync
