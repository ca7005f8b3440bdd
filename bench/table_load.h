// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A filled session table and the traffic to put on it: distinct sessions of random clients and
// ports to servers of very different popularity, as keys and as records.
//
// Threads: one.  Memory: about 200 bytes a session.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "statesync/limits.h"
#include "statesync/table/session_table.h"

namespace bench {

inline constexpr std::size_t kRecordStride = 32;

class TableLoad {
 public:
  // A standby that holds `session_count` sessions after every fourth was replaced by another.
  explicit TableLoad(std::uint32_t session_count, bool nat);

  [[nodiscard]] statesync::SessionTable& table() { return *table_; }
  [[nodiscard]] std::size_t session_count() const { return keys_.size(); }
  [[nodiscard]] bool nat() const { return nat_; }
  [[nodiscard]] std::uint8_t schema() const;
  // Client's packet of session i; sessions are in random order.
  [[nodiscard]] const statesync::FlowKey& key(std::size_t i) const { return keys_[i]; }
  [[nodiscard]] const std::byte* record(std::size_t i) const {
    return records_.data() + i * kRecordStride;
  }
  [[nodiscard]] statesync::Version NextVersion() { return statesync::MakeVersion({9}, ++counter_); }

  // Gives place i to a session that never was; the table does not know of it.
  void Renew(std::size_t i);
  // Applies the records of places first … first + count − 1 as inserts. Returns those applied.
  std::size_t Apply(std::size_t first, std::size_t count);
  // Own handles that the last Apply() left, [kBatchMax].
  [[nodiscard]] const std::array<statesync::OwnHandle, statesync::kBatchMax>& own() const {
    return own_;
  }

 private:
  void Shuffle();

  const bool nat_;
  std::mt19937_64 random_{1};
  std::vector<statesync::NetAddr> nat_addresses_;
  std::vector<statesync::NetAddr> servers_;
  std::vector<statesync::FlowKey> keys_;
  std::vector<std::byte> records_;
  std::unique_ptr<statesync::SessionTable> table_;
  std::array<statesync::OwnHandle, statesync::kBatchMax> own_;
  std::uint64_t counter_ = 0;
  std::uint32_t clients_ = 0;
};

}  // namespace bench
