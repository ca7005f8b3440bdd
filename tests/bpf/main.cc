// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Runs the bpf tests, or says why this process cannot.

#include <gtest/gtest.h>

#include <cstdio>

#include "tests/bpf/loaded_guard.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const std::string reason = dataplane::WhyNotLoadable(); !reason.empty()) {
    std::puts(reason.c_str());
    return 77;
  }
  return RUN_ALL_TESTS();
}
