// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/bpf/frame_builder.h"

namespace dataplane {
namespace {

void Put16(std::vector<std::uint8_t>& frame, std::uint16_t value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8));
  frame.push_back(static_cast<std::uint8_t>(value));
}

void Put32(std::vector<std::uint8_t>& frame, std::uint32_t value) {
  Put16(frame, static_cast<std::uint16_t>(value >> 16));
  Put16(frame, static_cast<std::uint16_t>(value));
}

}  // namespace

std::vector<std::uint8_t> BuildFrame(const FrameFields& fields) {
  const std::size_t option_bytes = fields.header_words > 5 ? (fields.header_words - 5u) * 4 : 0;
  const auto udp_bytes = static_cast<std::uint16_t>(8 + fields.payload_bytes);
  const auto ip_bytes = static_cast<std::uint16_t>(20 + option_bytes + udp_bytes);

  std::vector<std::uint8_t> frame(12, 0x02);  // Addresses: the guard does not look at them.
  Put16(frame, fields.ether_type);
  frame.push_back(static_cast<std::uint8_t>(fields.version << 4 | fields.header_words));
  frame.push_back(0);
  Put16(frame, fields.ip_bytes.value_or(ip_bytes));
  Put16(frame, 0);  // Identification.
  Put16(frame, fields.fragment);
  frame.push_back(64);
  frame.push_back(fields.protocol);
  Put16(frame, 0);  // Checksum: the guard leaves it to the seal.
  Put32(frame, fields.source);
  Put32(frame, fields.destination);
  frame.insert(frame.end(), option_bytes, 1);
  Put16(frame, fields.source_port);
  Put16(frame, fields.destination_port);
  Put16(frame, fields.udp_bytes.value_or(udp_bytes));
  Put16(frame, 0);
  frame.insert(frame.end(), fields.payload_bytes, 0xa5);
  frame.insert(frame.end(), fields.padding_bytes, 0);
  return frame;
}

}  // namespace dataplane
