// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/nat.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "dataplane/core/byte_order.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

using statesync::SessionTable;

// Number of ports in the key's shard that are below `port`. They ascend with n, so a binary search
// finds it.
std::uint32_t PortsBelow(const FlowKey& key, NetAddr addr, std::uint32_t port) {
  std::uint32_t low = 0;
  std::uint32_t high = kNatTriesMax;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    if (SessionTable::NatPortInShard(key, addr, middle) < port) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The key of a server's answer to nat_addr:port. For an echo the asked side has no port.
FlowKey ReplyKey(const FlowKey& key, NetAddr nat_addr, NetPort nat_port) {
  return {.source_addr = key.target_addr,
          .target_addr = nat_addr,
          .source_port = key.target_port,
          .target_port = nat_port,
          .protocol = key.protocol};
}

}  // namespace

absl::StatusOr<NatPools> NatPools::Build(std::span<const NatPoolSpec> pools,
                                         statesync::NodeIndex node) {
  if (node > 1) {
    return absl::InvalidArgumentError(absl::StrCat("node index ", node, ", allowed are 0 and 1"));
  }
  if (pools.size() > kNatPoolsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("nat pools: ", pools.size(), ", at most ", kNatPoolsMax, " are allowed"));
  }
  NatPools built;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const NatPoolSpec& spec = pools[i];
    const std::string object = absl::StrCat("nat pool ", i, ": ");
    if (spec.addresses.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(object, "has no address"));
    }
    if (spec.port_min == 0 || spec.port_min >= spec.port_max) {
      return absl::InvalidArgumentError(absl::StrCat(
          object, "ports ", spec.port_min, "-", spec.port_max, ", at least two from 1 are needed"));
    }
    const std::uint32_t half = (std::uint32_t{spec.port_max} - spec.port_min + 1) / 2;
    const auto split = static_cast<std::uint16_t>(spec.port_min + half);
    built.pools_.push_back(
        {.first_address = static_cast<std::uint32_t>(built.addresses_.size()),
         .address_count = static_cast<std::uint32_t>(spec.addresses.size()),
         .port_min = spec.port_min,
         .port_max = spec.port_max,
         .own_first = node == 0 ? spec.port_min : split,
         .own_last = node == 0 ? static_cast<std::uint16_t>(split - 1) : spec.port_max});
    built.addresses_.insert(built.addresses_.end(), spec.addresses.begin(), spec.addresses.end());
  }
  if (built.addresses_.size() > kNatAddressesMax) {
    return absl::InvalidArgumentError(absl::StrCat("nat addresses: ", built.addresses_.size(),
                                                   ", at most ", kNatAddressesMax,
                                                   " over all pools are allowed"));
  }
  return built;
}

bool NatPools::Allocate(std::size_t pool, const FlowKey& key, const SessionTable& table,
                        Scatter& scatter, NatBinding& binding) const noexcept {
  ENSURE(pool < pools_.size());
  const Pool& p = pools_[pool];
  binding.tries = 0;
  // One client keeps one address: some services tie a login to it.
  const std::uint32_t preferred = (NetToHost(key.source_addr) * 0x9e37'79b1u) >> 8;
  for (std::uint32_t a = 0; a < p.address_count; ++a) {
    const NetAddr addr = addresses_[p.first_address + (preferred + a) % p.address_count];
    const std::uint32_t first = PortsBelow(key, addr, p.own_first);
    const std::uint32_t end = PortsBelow(key, addr, std::uint32_t{p.own_last} + 1);
    if (first == end) continue;  // A small range may have no port in this shard.
    const std::uint32_t count = end - first;
    const std::uint32_t start = scatter.Next() % count;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t n = first + (start + i) % count;
      const NetPort port = HostToNet(SessionTable::NatPortInShard(key, addr, n));
      if (binding.tries == kNatTriesPerSessionMax) return false;
      ++binding.tries;
      if (!table.IsTaken(ReplyKey(key, addr, port))) {
        binding.addr = addr;
        binding.port = port;
        return true;
      }
    }
  }
  return false;
}

bool NatPools::Covers(std::size_t pool, NetAddr addr, NetPort port) const noexcept {
  ENSURE(pool < pools_.size());
  const Pool& p = pools_[pool];
  const std::uint16_t number = NetToHost(port);
  if (number < p.port_min || number > p.port_max) return false;
  const std::span<const NetAddr> addresses(&addresses_[p.first_address], p.address_count);
  return std::ranges::find(addresses, addr) != addresses.end();
}

std::uint16_t NatPools::own_first(std::size_t pool) const noexcept {
  ENSURE(pool < pools_.size());
  return pools_[pool].own_first;
}

std::uint16_t NatPools::own_last(std::size_t pool) const noexcept {
  ENSURE(pool < pools_.size());
  return pools_[pool].own_last;
}

}  // namespace dataplane
