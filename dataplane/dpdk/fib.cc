// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/fib.h"

#include <rte_errno.h>
#include <rte_lcore.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "dataplane/core/byte_order.h"
#include "statesync/ensure.h"

namespace dataplane {
namespace {

constexpr std::uint32_t kSecondLevelTables = 256;  // For prefixes longer than 24 bits.
constexpr std::uint32_t kRoutesMin = 1'024;

}  // namespace

absl::StatusOr<std::unique_ptr<Fib>> Fib::Build(std::span<const FibRoute> routes,
                                                const InterfaceMap& interfaces) {
  // rte_lpm wants a name of its own for each table.
  static std::atomic<unsigned> built{0};
  std::unique_ptr<Fib> fib(new Fib);
  rte_lpm_config config{};
  config.max_rules = std::max(kRoutesMin, static_cast<std::uint32_t>(routes.size()));
  config.number_tbl8s = std::max(kSecondLevelTables, static_cast<std::uint32_t>(routes.size()));
  fib->lpm_ = rte_lpm_create(absl::StrCat("fib_", built++).c_str(),
                             static_cast<int>(rte_socket_id()), &config);
  if (fib->lpm_ == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("routes: no memory for rte_lpm (64 MB): ", rte_strerror(rte_errno),
                     "; raise runtime.memory_mb"));
  }
  fib->hops_.resize(1);
  for (const FibRoute& route : routes) {
    const absl::Status added = fib->Add(route, interfaces);
    if (!added.ok()) return added;
  }
  return fib;
}

absl::Status Fib::Add(const FibRoute& route, const InterfaceMap& interfaces) {
  const InterfaceSpec& interface = interfaces.interface(route.interface);
  const Route hop{.found = true,
                  .interface = route.interface,
                  .zone = interface.zone,
                  .mtu = interface.mtu,
                  .next_hop = route.next_hop};
  if (route.prefix.bits == 0) {
    hops_[0] = hop;
    return absl::OkStatus();
  }
  const auto number = static_cast<std::uint32_t>(hops_.size());
  hops_.push_back(hop);
  const int error = rte_lpm_add(lpm_, NetToHost(route.prefix.addr), route.prefix.bits, number);
  if (error == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("routes: prefix of length ", route.prefix.bits,
                                                 " by interface ", interface.id, ": ",
                                                 rte_strerror(-error)));
}

Fib::~Fib() { rte_lpm_free(lpm_); }

void Fib::LookupBatch(std::span<const NetAddr> addrs, std::span<Route> routes) const noexcept {
  ENSURE(addrs.size() <= statesync::kBatchMax);
  ENSURE(routes.size() == addrs.size());
  std::array<std::uint32_t, statesync::kBatchMax> hosts;
  std::array<std::uint32_t, statesync::kBatchMax> hops;
  for (std::size_t i = 0; i < addrs.size(); ++i) hosts[i] = NetToHost(addrs[i]);
  rte_lpm_lookup_bulk(lpm_, hosts.data(), hops.data(), static_cast<unsigned>(addrs.size()));
  for (std::size_t i = 0; i < addrs.size(); ++i) {
    const bool matched = (hops[i] & RTE_LPM_LOOKUP_SUCCESS) != 0;
    routes[i] = hops_[matched ? hops[i] & 0x00ff'ffff : 0];
    if (routes[i].next_hop == 0) routes[i].next_hop = addrs[i];
  }
}

Route Fib::Lookup(NetAddr addr) const noexcept {
  Route route;
  LookupBatch({&addr, 1}, {&route, 1});
  return route;
}

}  // namespace dataplane
