// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Starts DPDK's environment without hugepages and devices, then the tests of one program.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "dataplane/dpdk/eal.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  dataplane::EalSetup setup;
  setup.file_prefix = "lockstep-test-" + std::to_string(getpid());
  setup.memory_mb = 192;
  setup.no_huge = true;
  setup.lcores = 1;
  setup.extra_args = {"--no-telemetry"};
  const absl::StatusOr<dataplane::EalInfo> started = dataplane::StartEal(setup);
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.status().ToString().c_str());
    return 1;
  }
  const int result = RUN_ALL_TESTS();
  dataplane::StopEal();
  return result;
}
