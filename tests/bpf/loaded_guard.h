// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The guard's object, loaded as DPDK's net_af_xdp loads it, and run on single frames by the kernel.
//
// Threads: one.  Memory: the loaded object, freed by the destructor.

#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/bpf/guard.h"

namespace dataplane {

// What the guard did with one frame.
struct GuardRun {
  int error = 0;           // errno of bpf_prog_test_run; 0 for a run.
  std::uint32_t verdict;   // XDP_PASS or XDP_REDIRECT.
  std::string reasons;     // Names of the counters that grew, each by one; "" for none.
  bool unchanged = false;  // The frame's bytes are what they were.
};

class LoadedGuard {
 public:
  LoadedGuard();
  ~LoadedGuard();
  LoadedGuard(const LoadedGuard&) = delete;
  LoadedGuard& operator=(const LoadedGuard&) = delete;

  // Writes the configuration straight into the map, as the kernel sees it.
  void Configure(const GuardConfig& config);
  // Puts an AF_XDP socket in the place of queue 0, so that redirecting there works.
  void BindSocket();
  [[nodiscard]] GuardRun Run(std::span<const std::uint8_t> frame);

  [[nodiscard]] int program_fd() const;

 private:
  [[nodiscard]] std::array<std::uint64_t, GUARD_REASON_COUNT> ReadCounters() const;
  [[nodiscard]] int MapFd(const char* name) const;

  bpf_object* object_ = nullptr;
  int socket_ = -1;
};

// Empty when this process may load XDP programs, else a skip line for the test's output.
[[nodiscard]] std::string WhyNotLoadable();

}  // namespace dataplane
