// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads datagrams: one check per layer that names the first broken rule, then sections one by one.
//
// CheckFrame looks at a whole frame before anything of it is used, so a frame is taken entirely or
// not at all; FrameReader then walks sections that cannot be broken any more. Sections of unknown
// tables, operations or schemas are skipped by their lengths; longer records than the schema needs
// are read by the prefix known here.
//
// Threads: values only.  Memory: views into the caller's buffer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "statesync/types.h"
#include "statesync/wire/schema.h"
#include "statesync/wire/verdict.h"

namespace statesync {

// First broken rule of a datagram's clear header, or kAccepted and `header` written. Rules in the
// order of PROTOCOL.md §3, up to the stream; keys, replay and tag are seal's.
[[nodiscard]] Verdict CheckClearHeader(std::span<const std::byte> datagram,
                                       ClearHeader& header) noexcept;

// First broken rule of what was sealed, sections included, or kAccepted and `header` written.
// Cost: one step per section; records are not looked at.
[[nodiscard]] Verdict CheckFrame(std::span<const std::byte> sealed, FrameHeader& header) noexcept;

// Records of one table, operation and schema.
struct Section {
  TableId table;
  std::uint8_t op;  // Op, or ControlOp if table is kControl.
  std::uint8_t schema;
  std::uint8_t record_bytes;  // Distance from one record to the next.
  std::uint16_t count;
  Version first;  // Of record 0; record i has first.bits + i. Zero in control sections.
  const std::byte* records;

  [[nodiscard]] const std::byte* record(std::size_t i) const { return records + i * record_bytes; }
  [[nodiscard]] Version version(std::size_t i) const { return {first.bits + i}; }
  // The known prefix of record i. REQUIRES: Record is what table, op and schema name.
  template <typename Record>
  [[nodiscard]] Record Get(std::size_t i) const {
    Record result;
    std::memcpy(static_cast<void*>(&result), record(i), sizeof(Record));
    return result;
  }
};

class FrameReader {
 public:
  // REQUIRES: CheckFrame accepted `sealed`.
  explicit FrameReader(std::span<const std::byte> sealed) noexcept
      : rest_(sealed.subspan(sizeof(FrameHeader))) {}

  // The next section that is known here; false at the end of the frame.
  [[nodiscard]] bool Next(Section& section) noexcept;

  // Records of unknown sections passed over so far.
  [[nodiscard]] std::uint32_t skipped_count() const noexcept { return skipped_count_; }

 private:
  std::span<const std::byte> rest_;
  std::uint32_t skipped_count_ = 0;
};

}  // namespace statesync
