// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What pair/ asks of its own node, beside the configuration.
//
// Threads: thread-safe; each answer is at once, from what was read last.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "configsync/pair/messages.h"

namespace configsync {

struct LocalRole {
  HaRole role = HaRole::kUnknown;
  std::uint32_t term = 0;
  bool is_dataplane_ready = false;
  // Of dataplane and installation: STATE_SYNC_DISABLED, HA2_DOWN, INVENTORY_INVALID, …
  std::vector<Reason> reasons;
};

class NodeFacts {
 public:
  virtual ~NodeFacts() = default;
  // Features are of the configuration, the rest of machine and installation.
  [[nodiscard]] virtual Facts FactsOf(const Tree& running) = 0;
  [[nodiscard]] virtual LocalRole Role() = 0;
  // What the device was called when it was paired; empty: it is not paired, or not any more.
  [[nodiscard]] virtual std::string PairedName(const DeviceId& device) = 0;
};

}  // namespace configsync
