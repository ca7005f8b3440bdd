// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The main function of a test program over DPDK: its environment without hugepages or devices, then
// the tests, and nothing of it is left behind.
//
// Threads: main.

#pragma once

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "dataplane/dpdk/eal.h"

namespace dataplane {

// prefix: of DPDK's files; the process id is appended. Returns the exit status.
inline int RunWithEal(int argc, char** argv, const std::string& prefix, std::uint32_t memory_mb,
                      const std::vector<std::string>& extra_args) {
  testing::InitGoogleTest(&argc, argv);
  EalSetup setup;
  setup.file_prefix = prefix + "-" + std::to_string(getpid());
  setup.memory_mb = memory_mb;
  setup.no_huge = true;
  setup.lcores = 1;
  setup.extra_args = extra_args;
  const absl::StatusOr<EalInfo> started = StartEal(setup);
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.status().ToString().c_str());
    return 1;
  }
  const std::filesystem::path folder = rte_eal_get_runtime_dir();
  const int result = RUN_ALL_TESTS();
  StopEal();
  std::error_code ignored;  // DPDK leaves its folder.
  std::filesystem::remove_all(folder, ignored);
  return result;
}

}  // namespace dataplane
