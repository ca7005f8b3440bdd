// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The bytes that are hashed: HASH.md. Numbers are big-endian, a text stands behind its length, and
// a tag comes first, so different things never have the same bytes.
//
// Threads: one object, one thread.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "configsync/tree/hash.h"

namespace configsync {

[[nodiscard]] inline std::uint64_t LoadBigEndian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}

class CanonicalBytes {
 public:
  CanonicalBytes() { bytes_.reserve(512); }
  void Clear() { bytes_.clear(); }

  void AddTag(char tag) { bytes_ += tag; }
  void AddCount(std::uint64_t count) {
    const std::uint64_t big_endian = __builtin_bswap64(count);
    char bytes[sizeof(big_endian)];
    std::memcpy(bytes, &big_endian, sizeof(bytes));
    bytes_.append(bytes, sizeof(bytes));
  }
  void AddText(std::string_view text) {
    AddCount(text.size());
    bytes_ += text;
  }
  void AddHash(const Hash& hash) {
    bytes_.append(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size());
  }

  [[nodiscard]] std::string_view view() const { return bytes_; }
  [[nodiscard]] Hash Sha256() const { return configsync::Sha256(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace configsync
