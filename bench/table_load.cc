// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "bench/table_load.h"

#include <algorithm>
#include <cstring>

#include "statesync/ensure.h"
#include "statesync/table/session_codec.h"
#include "statesync/table/session_record.h"

namespace bench {
namespace {

using statesync::FlowKey;
using statesync::Handle;
using statesync::kBatchMax;
using statesync::NetAddr;
using statesync::NetPort;
using statesync::SessionTable;

constexpr std::size_t kServers = 4'096;
constexpr NetAddr kNatAddrFirst = 0x0100'33c6;

}  // namespace

TableLoad::TableLoad(std::uint32_t session_count, bool nat) : nat_(nat) {
  for (NetAddr i = 0; i < 200; ++i) nat_addresses_.push_back(kNatAddrFirst + (i << 24));
  for (std::size_t i = 0; i < kServers; ++i) {
    servers_.push_back(static_cast<NetAddr>(random_()));
  }
  keys_.resize(session_count);
  records_.resize(std::size_t{session_count} * kRecordStride);
  statesync::SessionTableOptions options;
  options.capacity = std::max<std::uint32_t>(session_count + session_count / 16, 256);
  options.index_seed = 7;
  options.digest_key[0] = 1;
  options.dirty_ring_handles = 64;
  options.nat_addresses = nat_addresses_;
  table_ = std::move(SessionTable::Create(options)).value();

  for (std::size_t i = 0; i < keys_.size(); ++i) Renew(i);
  std::size_t applied = 0;
  for (std::size_t i = 0; i < keys_.size(); i += kBatchMax) {
    applied += Apply(i, std::min(kBatchMax, keys_.size() - i));
  }
  ENSURE(applied == keys_.size());
  // Churn: a quarter goes and others come, so that slots are not in the order of arrival.
  for (std::size_t n = 0; n < keys_.size() / 4 / kBatchMax; ++n) {
    const std::size_t first = random_() % (keys_.size() - kBatchMax);
    Apply(first, kBatchMax);
    std::array<statesync::ApplyOutcome, kBatchMax> outcomes;
    std::array<statesync::Version, kBatchMax> versions;
    for (auto& version : versions) version = NextVersion();
    table_->replicated().ApplyDeleteBatch(own_, versions, outcomes);
    for (std::size_t i = 0; i < kBatchMax; ++i) Renew(first + i);
    ENSURE(Apply(first, kBatchMax) == kBatchMax);
  }
  Shuffle();
}

// Places in the order of arrival would walk each shard's slots in order, which pages and TLB like.
void TableLoad::Shuffle() {
  for (std::size_t i = keys_.size() - 1; i > 0; --i) {
    const std::size_t other = random_() % (i + 1);
    std::swap(keys_[i], keys_[other]);
    std::swap_ranges(&records_[i * kRecordStride], &records_[i * kRecordStride] + kRecordStride,
                     &records_[other * kRecordStride]);
  }
}

std::uint8_t TableLoad::schema() const {
  return nat_ ? statesync::kSessionInsertV4Nat : statesync::kSessionInsertV4;
}

void TableLoad::Renew(std::size_t i) {
  statesync::SessionEntry entry{};
  // Popularity falls with the rank; with NAT ports are scarce per server, so there all are equal.
  const double u = static_cast<double>(random_() >> 11) * 0x1p-53;
  const auto rank = static_cast<std::size_t>(u * u * u * u * static_cast<double>(kServers));
  entry.client_addr = ++clients_ * 2'654'435'761u;
  entry.server_addr = nat_ ? static_cast<NetAddr>(random_()) : servers_[rank];
  entry.client_port = static_cast<NetPort>(random_());
  entry.server_port = statesync::FromNetwork(443);
  entry.state = static_cast<std::uint8_t>(statesync::SessionState::kTcpEstablished);
  const FlowKey key{entry.client_addr, entry.server_addr, entry.client_port, entry.server_port, 6};
  if (nat_) {
    entry.flags = statesync::kSessionHasNat;
    entry.nat_addr = nat_addresses_[random_() % nat_addresses_.size()];
    entry.nat_port = statesync::FromNetwork(SessionTable::NatPortInShard(
        key, entry.nat_addr, static_cast<std::uint32_t>(random_() % 256)));
  }
  keys_[i] = key;
  statesync::SessionRecord codec;
  codec.Init(nat_addresses_);
  statesync::PreparedRecord record;
  codec.EncodeInsert(entry, Handle{SessionTable::ShardOf(key), 1}, record);
  std::memcpy(&records_[i * kRecordStride], record.bytes.data(), record.record_bytes);
}

std::size_t TableLoad::Apply(std::size_t first, std::size_t count) {
  std::array<const std::byte*, kBatchMax> records;
  std::array<statesync::Version, kBatchMax> versions;
  std::array<statesync::ApplyOutcome, kBatchMax> outcomes;
  for (std::size_t i = 0; i < count; ++i) {
    records[i] = record(first + i);
    versions[i] = NextVersion();
  }
  table_->replicated().ApplyInsertBatch(schema(), std::span(records).first(count), versions,
                                        outcomes);
  std::size_t applied = 0;
  for (std::size_t i = 0; i < count; ++i) {
    applied += outcomes[i].result == statesync::ApplyResult::kApplied;
    own_[i] = {static_cast<std::uint8_t>(records[i][0]), outcomes[i].generation, outcomes[i].slot};
  }
  return applied;
}

}  // namespace bench
