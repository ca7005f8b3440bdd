// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A fuzzer's input, read as decisions: numbers, choices, rests. Past the end everything is zero, so
// every input is a whole story.
//
// Threads: one.  Memory: a view of the caller's bytes.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace statesync::fuzz {

class ByteReader {
 public:
  ByteReader(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  [[nodiscard]] bool is_empty() const { return rest_.empty(); }

  std::uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_[0]);
    rest_ = rest_.subspan(1);
    return value;
  }
  // Big-endian, so that a mutation of the last byte is a step of one.
  template <typename Integer>
  Integer Number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) value = (value << 8) | Byte();
    return static_cast<Integer>(value);
  }
  // 0 … bound − 1. REQUIRES: 0 < bound <= 65,536.
  std::uint32_t Below(std::uint32_t bound) {
    return (bound <= 256 ? Byte() : Number<std::uint16_t>()) % bound;
  }
  bool OneIn(std::uint32_t count) { return Below(count) == count - 1; }
  template <typename Value, std::size_t Count>
  Value Pick(const std::array<Value, Count>& values) {
    return values[Below(Count)];
  }
  // The next bytes, at most count; fewer at the end.
  std::span<const std::byte> Take(std::size_t count) {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  // Overwrites `value` with the next bytes; what is missing stays.
  template <typename Value>
  void Fill(Value& value) {
    const auto taken = Take(sizeof(Value));
    std::memcpy(static_cast<void*>(&value), taken.data(), taken.size());
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace statesync::fuzz
