// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tests/sim/newer_peer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "statesync/wire/schema.h"

namespace sim {
namespace {

using statesync::FrameHeader;
using statesync::SectionHeader;

constexpr std::uint8_t kGrowth = 3;  // Bytes that version N + 1 has appended to every record.
constexpr std::byte kFill{0xa5};
// What every path carries: a sender that appends bytes knows how large its frames may become.
constexpr std::size_t kBytesMax =
    statesync::kDatagramBytesMin - sizeof(statesync::ClearHeader) - statesync::kTagBytes;

// A section that version N has no name for.
std::size_t PutUnknown(std::byte* at, std::uint8_t table, std::uint8_t op, std::uint8_t schema) {
  SectionHeader header{};
  header.table = table;
  header.op = op;
  header.schema = schema;
  header.record_bytes = 5;
  header.count.Set(2);
  if (table != 0) {
    header.term.Set(1);
    header.counter.Set(1);
  }
  std::memcpy(at, &header, sizeof(header));
  std::fill_n(at + sizeof(header), 10, kFill);
  return sizeof(header) + 10;
}

}  // namespace

void MakeNewer(Packet& packet) {
  std::array<std::byte, statesync::kDatagramBytesMax> out;
  const std::byte* in = packet.data.data();
  std::size_t from = sizeof(FrameHeader);
  std::size_t to = sizeof(FrameHeader);
  std::memcpy(out.data(), in, from);
  while (from + sizeof(SectionHeader) <= packet.bytes) {
    SectionHeader header;
    std::memcpy(&header, in + from, sizeof(header));
    // The size of a probe is what it is about.
    if (header.table == 0 && header.op == static_cast<std::uint8_t>(statesync::ControlOp::kProbe)) {
      return;
    }
    const std::size_t count = header.count.Get();
    const std::size_t record = header.record_bytes;
    const std::size_t rest = packet.bytes - from - sizeof(header) - count * record;
    const std::size_t growth =
        to + sizeof(header) + count * (record + kGrowth) + rest <= kBytesMax ? kGrowth : 0;
    header.record_bytes = static_cast<std::uint8_t>(record + growth);
    std::memcpy(out.data() + to, &header, sizeof(header));
    from += sizeof(header);
    to += sizeof(header);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(out.data() + to, in + from, record);
      std::fill_n(out.data() + to + record, growth, kFill);
      from += record;
      to += record + growth;
    }
  }
  constexpr std::size_t kUnknownBytes = sizeof(SectionHeader) + 10;
  const bool is_numbered = (in[3] & std::byte{statesync::kFrameNumbered}) != std::byte{0};
  static_assert(offsetof(FrameHeader, flags) == 3);
  // Entries come in numbered frames only; statements in any.
  if (to + kUnknownBytes <= kBytesMax) to += PutUnknown(out.data() + to, 0, 99, 1);
  if (is_numbered && to + kUnknownBytes <= kBytesMax) to += PutUnknown(out.data() + to, 77, 1, 1);
  if (is_numbered && to + kUnknownBytes <= kBytesMax) to += PutUnknown(out.data() + to, 1, 1, 99);
  std::memcpy(packet.data.data(), out.data(), to);
  packet.bytes = static_cast<std::uint16_t>(to);
}

}  // namespace sim
