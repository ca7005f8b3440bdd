// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Files of expected text, beside the tests. LOCKSTEP_WRITE_GOLDEN=1 writes what is new, for review.

#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/configsync/schema/our_schema.h"

namespace configsync {

inline std::string GoldenPath(const std::string& name) { return TestFolder() + "/golden/" + name; }

inline std::string ReadGolden(const std::string& name) {
  std::ifstream file(GoldenPath(name), std::ios::binary);
  EXPECT_TRUE(file.good()) << GoldenPath(name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void ExpectGolden(const std::string& name, const std::string& text) {
  if (std::getenv("LOCKSTEP_WRITE_GOLDEN") != nullptr) {
    std::ofstream(GoldenPath(name), std::ios::binary) << text;
  }
  EXPECT_EQ(text, ReadGolden(name));
}

}  // namespace configsync
