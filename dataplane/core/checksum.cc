// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/checksum.h"

#include "dataplane/core/byte_order.h"

namespace dataplane {

std::uint64_t ChecksumPartial(std::span<const std::byte> bytes, std::uint64_t initial) noexcept {
  std::uint64_t sum = initial;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 4; left -= 4, at += 4) sum += LoadNet32(at);
  if (left >= 2) {
    sum += LoadNet16(at);
    at += 2;
    left -= 2;
  }
  if (left == 1) sum += LoadByte(at);  // Low byte on a little-endian machine: first of the pair.
  return sum;
}

std::uint64_t PseudoHeaderSum(statesync::NetAddr source, statesync::NetAddr target,
                              std::uint8_t protocol, std::uint16_t transport_bytes) noexcept {
  return std::uint64_t{source} + target + HostToNet(std::uint16_t{protocol}) +
         HostToNet(transport_bytes);
}

}  // namespace dataplane
