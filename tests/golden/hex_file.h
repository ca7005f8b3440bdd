// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads the vectors of this folder: hexadecimal bytes, `#` to the end of the line is a comment.

#pragma once

#include <cstddef>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace statesync {

// Bytes of a file of the current directory; empty, and a failed test, if there is no such file.
inline std::vector<std::byte> ReadHex(const std::string& name) {
  std::ifstream file(name);
  EXPECT_TRUE(file) << "no golden file " << name;
  std::vector<std::byte> bytes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) {
      EXPECT_EQ(word.size(), 2u) << name << ": " << word;
      bytes.push_back(static_cast<std::byte>(std::stoi(word, nullptr, 16)));
    }
  }
  return bytes;
}

template <typename Struct>
std::vector<std::byte> BytesOf(const Struct& value) {
  std::vector<std::byte> bytes(sizeof(Struct));
  std::memcpy(bytes.data(), &value, sizeof(Struct));
  return bytes;
}

// The struct that a file holds. Fails the test if the lengths differ.
template <typename Struct>
Struct ReadStruct(const std::string& name) {
  const std::vector<std::byte> bytes = ReadHex(name);
  Struct value;
  EXPECT_EQ(bytes.size(), sizeof(Struct)) << name;
  if (bytes.size() == sizeof(Struct)) {
    std::memcpy(static_cast<void*>(&value), bytes.data(), sizeof(Struct));
  }
  return value;
}

}  // namespace statesync
