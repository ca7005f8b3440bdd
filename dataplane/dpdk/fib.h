// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Longest-prefix match over connected prefixes and static routes, by rte_lpm.
//
// The default route lies outside of rte_lpm, which has no prefix of length 0: that leaves its 64 MB
// table almost untouched, so it costs address space and hardly memory.
//
// Threads: built by one, then read by all workers.  Memory: Build() only.

#pragma once

#include <rte_lpm.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/core/forward.h"
#include "dataplane/core/interface.h"

namespace dataplane {

struct FibRoute {
  Ipv4Prefix prefix;
  NetAddr next_hop = 0;        // 0: connected, the target itself.
  std::uint8_t interface = 0;  // Index.
};

class Fib final {
 public:
  // Errors: kResourceExhausted (memory), kInvalidArgument (a route rte_lpm refuses).
  static absl::StatusOr<std::unique_ptr<Fib>> Build(std::span<const FibRoute> routes,
                                                    const InterfaceMap& interfaces);
  ~Fib();
  Fib(const Fib&) = delete;
  Fib& operator=(const Fib&) = delete;

  // addrs, routes: [n], n <= kBatchMax. A target without a route gets found = false.
  void LookupBatch(std::span<const NetAddr> addrs, std::span<Route> routes) const noexcept;
  [[nodiscard]] Route Lookup(NetAddr addr) const noexcept;

 private:
  Fib() = default;
  absl::Status Add(const FibRoute& route, const InterfaceMap& interfaces);

  rte_lpm* lpm_ = nullptr;
  std::vector<Route>
      hops_;  // By rte_lpm's next hop number; [0] is the default route, or not found.
};

}  // namespace dataplane
