// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Source NAT: choosing an address and port for a new session.
//
// The port is chosen so that both keys of the session fall into one shard, and a port is free if
// the reply's key finds no session: the session index is the only bookkeeping. Each node takes
// ports from its own half of the range, so two nodes that cannot hear each other never pick the
// same (ARCHITECTURE.md, "NAT ports").
//
// Threads: Allocate is called by the shard's writer; NatPools never change.  Memory: Build() only.

#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/packet.h"
#include "statesync/table/session_table.h"

namespace dataplane {

inline constexpr std::size_t kNatPoolsMax = 255;
inline constexpr std::size_t kNatAddressesMax = 255;  // Over all pools: one byte in a record.
inline constexpr std::uint32_t kNatTriesMax = 256;    // Per address: all its ports in one shard.
// Over all addresses of a pool: about 16 exhausted ones. A packet that cannot have a port must not
// cost more than a few bursts of others.
inline constexpr std::uint32_t kNatTriesPerSessionMax = 2'048;

struct NatPoolSpec {
  std::vector<NetAddr> addresses;
  std::uint16_t port_min = 1'024;  // Host order, inclusive.
  std::uint16_t port_max = 65'535;
};

// Small generator for spreading choices; not for secrets (xorshift64*).
class Scatter {
 public:
  explicit constexpr Scatter(std::uint64_t seed) : state_(seed | 1) {}
  constexpr std::uint32_t Next() noexcept {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<std::uint32_t>((state_ * 0x2545f4914f6cdd1dull) >> 32);
  }

 private:
  std::uint64_t state_;
};

struct NatBinding {
  NetAddr addr = 0;
  NetPort port = 0;
  std::uint32_t tries = 0;  // Ports looked at.
};

class NatPools final {
 public:
  // node: index of this node, which selects its half; node_count: 2.
  // Errors: kInvalidArgument naming pool, value and limit.
  static absl::StatusOr<NatPools> Build(std::span<const NatPoolSpec> pools,
                                        statesync::NodeIndex node);

  // Picks a free (address, port) for the session that begins with `key`; false when every port of
  // this node's half in the key's shard is taken for this remote endpoint. One client keeps one
  // address while that has ports. Cost: one index lookup per port tried, at most kNatTriesMax per
  // address.
  [[nodiscard]] bool Allocate(std::size_t pool, const FlowKey& key,
                              const statesync::SessionTable& table, Scatter& scatter,
                              NatBinding& binding) const noexcept;

  // True if a session through `pool` may have this address and port (of either node's half).
  // REQUIRES: pool < size().
  [[nodiscard]] bool Covers(std::size_t pool, NetAddr addr, NetPort port) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return pools_.size(); }
  // First and last port of this node's half. REQUIRES: pool < size().
  [[nodiscard]] std::uint16_t own_first(std::size_t pool) const noexcept;
  [[nodiscard]] std::uint16_t own_last(std::size_t pool) const noexcept;

 private:
  struct Pool {
    std::uint32_t first_address;
    std::uint32_t address_count;
    std::uint16_t port_min;
    std::uint16_t port_max;
    std::uint16_t own_first;
    std::uint16_t own_last;
  };
  NatPools() = default;

  std::vector<Pool> pools_;
  std::vector<NetAddr> addresses_;
};

}  // namespace dataplane
