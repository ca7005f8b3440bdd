// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The XDP guard of the HA2 interface, seen from a process: find the object, configure the attached
// program, read its counters, remove one that a killed process left behind.
//
// DPDK's net_af_xdp loads the object by path and attaches it when the port is probed, so nothing
// can be preset: until ConfigureGuard() the program passes every frame to the kernel. The order is
// DetachStaleGuard, rte_eal_init (which probes the port), ConfigureGuard.
//
// Interfaces are named by index in the network namespace of the calling thread.
//
// Threads: safe from any thread; every call opens what it needs and closes it again.
// Memory:  a few stack buffers; system calls, so never from a worker or the sync loop.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataplane/bpf/guard_layout.h"

namespace dataplane {

// Which frames belong to HA2. Addresses and ports in host byte order.
struct GuardConfig {
  std::uint32_t own_ipv4 = 0;
  std::uint32_t peer_ipv4 = 0;
  std::uint16_t port = 0;               // Destination port of HA2 frames.
  std::uint16_t source_port_first = 0;  // Source ports of the peer's streams, both ends included.
  std::uint16_t source_port_last = 0;
};

// Frames by reason since the program was attached, summed over CPUs; index is enum guard_reason.
struct GuardCounters {
  std::array<std::uint64_t, GUARD_REASON_COUNT> frames{};
};

// Name of a reason as shown in statistics, such as "other-port".
// REQUIRES: reason < GUARD_REASON_COUNT.
[[nodiscard]] std::string_view GuardReasonName(std::size_t reason);

// Path of the guard's object file: `configured` if it is not empty, else beside the running program
// in a build tree (bpf/guard.bpf.o), else where it is installed (../lib/lockstep/guard.bpf.o).
// Errors: NOT_FOUND naming the places that were tried.
[[nodiscard]] absl::StatusOr<std::string> FindGuardObject(std::string_view configured);

// Tells the guard attached to `ifindex` which frames belong to HA2. May be repeated at any time.
// Errors: INVALID_ARGUMENT for a zero address or port or an empty range; FAILED_PRECONDITION when
// no guard is attached there; PERMISSION_DENIED without CAP_BPF or CAP_SYS_ADMIN.
[[nodiscard]] absl::Status ConfigureGuard(int ifindex, const GuardConfig& config);

// Reads the counters of the guard attached to `ifindex`; also from another thread or process.
// Cost: about ten system calls. Errors: as ConfigureGuard.
[[nodiscard]] absl::StatusOr<GuardCounters> ReadGuardCounters(int ifindex);

// Removes a guard that a killed process left attached to `ifindex`; a no-op when none is attached.
// Call it before the port is probed: net_af_xdp refuses an interface that already has a program.
// Errors: FAILED_PRECONDITION when the attached program is not ours (its name and the command that
// removes it are in the message) or when a running process still holds it (its pid is named).
[[nodiscard]] absl::Status DetachStaleGuard(int ifindex);

}  // namespace dataplane
