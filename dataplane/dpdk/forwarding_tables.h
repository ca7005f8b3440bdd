// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What the node forwards by, in the form that workers read: policy, NAT, addresses, routes,
// timeouts, made from one ForwardingOptions.
//
// Threads: built by one, never changed, read by all; replaced as a whole (forwarding_swap.h).
// Memory:  Build() only; rte_lpm's 64 MB are shared with the one before if no route differs.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "dataplane/config/options.h"
#include "dataplane/core/interface.h"
#include "dataplane/core/nat.h"
#include "dataplane/core/policy.h"
#include "dataplane/core/timeouts.h"
#include "dataplane/dpdk/fib.h"
#include "statesync/table/nat_addresses.h"

namespace dataplane {

// What does not change while the node runs.
struct PortFacts {
  std::span<const MacAddress> own_macs;  // By port.
  statesync::NodeIndex node = 0;
};

struct ForwardingTables {
  std::uint64_t number = 0;  // Grows with each that is published.
  ForwardingOptions options;
  std::unique_ptr<const RuleSet> rules;
  std::optional<NatPools> nat;
  std::optional<InterfaceMap> interfaces;  // By port.
  std::shared_ptr<const Fib> fib;
  Timeouts timeouts;
  statesync::NatAddresses nat_addresses;
  // Against the one before: other addresses to announce; other prefixes, so neighbours to forget.
  bool announces_others = false;
  bool reaches_others = false;

  // before: whose routes may be shared; null: none.
  // Errors: as each part says; kResourceExhausted: no memory for the routes.
  static absl::StatusOr<std::unique_ptr<ForwardingTables>> Build(const ForwardingOptions& options,
                                                                 const PortFacts& ports,
                                                                 const ForwardingTables* before);
};

}  // namespace dataplane
