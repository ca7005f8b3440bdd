// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Starts DPDK's environment from a few values: memory, lcores, file prefix. Devices follow one by
// one (ProbeDevice), so that each failure can name its interface.
//
// Two nodes on one machine never meet: hugepage memory is private (--in-memory), and the file
// prefix gives each its own directory for dpdk-telemetry.py.
//
// Threads: start-up and shutdown, by main.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dataplane {

struct EalSetup {
  std::string file_prefix;
  std::uint32_t memory_mb = 512;
  bool no_huge = false;
  std::uint16_t lcores = 2;              // Main included; ids 0 … lcores − 1.
  std::vector<std::uint16_t> cpus;       // Lcores float over these; empty: all the process may use.
  std::vector<std::string> pci_devices;  // To be claimed; no other is touched.
  std::vector<std::string> extra_args;
};

struct EalInfo {
  bool hugepages = false;
  std::string note;  // One sentence if hugepages were wanted and are missing.
};

// Errors: kInvalidArgument (an argument EAL refuses), kResourceExhausted (memory),
// kPermissionDenied.
absl::StatusOr<EalInfo> StartEal(const EalSetup& setup);

// Attaches one device ("net_af_packet0,iface=lan0", "0000:03:00.0", "crypto_aesni_gcm0").
//   what  names it in the message: "interface lan0"
// Errors: kNotFound (no such device or kernel interface), kPermissionDenied, kUnavailable; with
// DPDK's own words.
absl::Status ProbeDevice(const std::string& what, const std::string& device);

void StopEal();

}  // namespace dataplane
