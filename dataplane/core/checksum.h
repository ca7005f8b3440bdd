// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The Internet checksum (RFC 1071), and its incremental update (RFC 1624).
//
// Threads: values only.  Values are "net" order as stored in packets: the sum does not care.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/table/session_entry.h"

namespace dataplane {

// Ones' complement sum of `bytes`, not folded, not inverted; add `initial`. An odd last byte counts
// as the first of a pair. bytes.size() <= 65,535.
[[nodiscard]] std::uint64_t ChecksumPartial(std::span<const std::byte> bytes,
                                            std::uint64_t initial = 0) noexcept;
// Folds and inverts: what is stored in a header. A header with a right checksum gives 0.
[[nodiscard]] constexpr std::uint16_t ChecksumFinish(std::uint64_t sum) noexcept {
  sum = (sum & 0xffff'ffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}
[[nodiscard]] inline std::uint16_t Checksum(std::span<const std::byte> bytes) noexcept {
  return ChecksumFinish(ChecksumPartial(bytes));
}

// Sum of the TCP or UDP pseudo header. transport_bytes in host order.
[[nodiscard]] std::uint64_t PseudoHeaderSum(statesync::NetAddr source, statesync::NetAddr target,
                                            std::uint8_t protocol,
                                            std::uint16_t transport_bytes) noexcept;

// The checksum after a 16-bit word changed from `from` to `to`: ~(~HC + ~m + m').
[[nodiscard]] constexpr std::uint16_t ChecksumUpdate16(std::uint16_t checksum, std::uint16_t from,
                                                       std::uint16_t to) noexcept {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~from);
  sum += to;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}
[[nodiscard]] constexpr std::uint16_t ChecksumUpdate32(std::uint16_t checksum, std::uint32_t from,
                                                       std::uint32_t to) noexcept {
  checksum =
      ChecksumUpdate16(checksum, static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to));
  return ChecksumUpdate16(checksum, static_cast<std::uint16_t>(from >> 16),
                          static_cast<std::uint16_t>(to >> 16));
}

}  // namespace dataplane
