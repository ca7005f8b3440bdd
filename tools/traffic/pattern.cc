// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/traffic/pattern.h"

namespace traffic {
namespace {

// splitmix64's output function: every bit of the input reaches every bit of the result.
std::uint64_t Mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t WordAt(std::uint64_t key, std::uint64_t word_index) noexcept {
  return Mix(key + word_index * 0x9e3779b97f4a7c15u);
}

std::byte ByteOf(std::uint64_t word, std::uint64_t offset) noexcept {
  return static_cast<std::byte>(word >> (8 * (offset % 8)));
}

}  // namespace

std::uint64_t StreamKey(std::uint64_t flow_id, Direction direction) noexcept {
  return Mix(flow_id * 2 + static_cast<std::uint64_t>(direction) + 0x10c5'7e90u);
}

void FillPattern(std::uint64_t key, std::uint64_t offset, std::span<std::byte> bytes) noexcept {
  std::uint64_t word = WordAt(key, offset / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint64_t at = offset + i;
    if (at % 8 == 0) word = WordAt(key, at / 8);
    bytes[i] = ByteOf(word, at);
  }
}

std::size_t CountMismatches(std::uint64_t key, std::uint64_t offset,
                            std::span<const std::byte> bytes) noexcept {
  std::size_t mismatch_count = 0;
  std::uint64_t word = WordAt(key, offset / 8);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint64_t at = offset + i;
    if (at % 8 == 0) word = WordAt(key, at / 8);
    mismatch_count += bytes[i] != ByteOf(word, at);
  }
  return mismatch_count;
}

}  // namespace traffic
