// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Writes a frame's plaintext: sections record by record, the header at the end.
//
// Use: Begin (Append)* Finish. Records of one table, operation and schema that follow each other share
// a section; a table section's records have counters that follow each other, which the caller keeps.
//
// Threads: values only.  Memory: the caller's buffer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/types.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/schema.h"

namespace statesync {

class FrameWriter {
 public:
  void Begin(std::span<std::byte> buffer) noexcept;
  [[nodiscard]] bool is_open() const { return !buffer_.empty(); }
  [[nodiscard]] bool has_sections() const { return used_ > sizeof(FrameHeader); }
  [[nodiscard]] std::size_t room() const { return buffer_.size() - used_; }

  // True if one record fits, with a section header if it cannot join the open section.
  [[nodiscard]] bool HasRoom(TableId table, std::uint8_t op, std::uint8_t schema,
                             std::size_t record_bytes) const noexcept;
  // Appends one record. Version: zero for control. REQUIRES: HasRoom.
  void Append(TableId table, std::uint8_t op, std::uint8_t schema,
              std::span<const std::byte> record, Version version) noexcept;

  template <typename Record>
  [[nodiscard]] bool HasControlRoom(ControlOp op) const noexcept {
    return HasRoom(TableId::kControl, static_cast<std::uint8_t>(op), 1, sizeof(Record));
  }
  template <typename Record>
  void AppendControl(ControlOp op, const Record& record) noexcept {
    static_assert(alignof(Record) == 1);
    Append(TableId::kControl, static_cast<std::uint8_t>(op), 1,
           std::as_bytes(std::span(&record, 1)), Version{});
  }

  // Writes the header and returns the bytes used; the writer is closed.
  [[nodiscard]] std::uint16_t Finish(const FrameFields& fields) noexcept;
  // Forgets the frame.
  void Abandon() noexcept { buffer_ = {}; }

 private:
  [[nodiscard]] bool JoinsOpenSection(TableId table, std::uint8_t op, std::uint8_t schema,
                                      std::size_t record_bytes) const noexcept;
  void CloseSection() noexcept;

  std::span<std::byte> buffer_;
  std::size_t used_ = 0;
  std::size_t section_at_ = 0;  // Offset of the open section's header; 0: none is open.
  SectionHeader section_;
  std::uint16_t section_count_ = 0;
};

}  // namespace statesync
