// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Writes one frame into the caller's buffer: records are grouped into sections as they come.
//
// A record joins the last section if table, operation, schema, length and term are the same and its
// counter is the next one; otherwise it opens a section. Nothing is written past the buffer: a
// record that does not fit is refused, and the frame stays whole. Order: Begin, Append*, Finish.
//
// Threads: one owner.  Memory: the buffer is the caller's.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "statesync/ensure.h"
#include "statesync/types.h"
#include "statesync/wire/record_sizes.h"
#include "statesync/wire/schema.h"

namespace statesync {

class FrameWriter {
 public:
  // Starts an empty frame. buffer: sizeof(FrameHeader) or more; lives until Finish().
  void Begin(std::span<std::byte> buffer) noexcept {
    ENSURE(buffer.size() >= sizeof(FrameHeader));
    buffer_ = buffer;
    used_ = sizeof(FrameHeader);
    section_at_ = 0;
  }

  // True if Append with these would succeed.
  [[nodiscard]] bool Fits(TableId table, Op op, std::uint8_t schema, std::size_t record_bytes,
                          Version version) const noexcept {
    const Tag tag = TagOf(static_cast<std::uint8_t>(table), static_cast<std::uint8_t>(op), schema,
                          record_bytes);
    return CostOf(tag, version, record_bytes) <= room();
  }

  // Adds one record of a table. False if there is no room; then nothing changed.
  [[nodiscard]] bool Append(TableId table, Op op, std::uint8_t schema,
                            std::span<const std::byte> record, Version version) noexcept {
    return Put(TagOf(static_cast<std::uint8_t>(table), static_cast<std::uint8_t>(op), schema,
                     record.size()),
               version, record);
  }

  // Adds one control record. False if there is no room; then nothing changed.
  template <typename Record>
  [[nodiscard]] bool AppendControl(ControlOp op, const Record& record) noexcept {
    ENSURE(KnownRecordBytes(op) == sizeof(Record));
    return Put(TagOf(static_cast<std::uint8_t>(TableId::kControl), static_cast<std::uint8_t>(op),
                     kControlSchema, sizeof(Record)),
               Version{}, std::as_bytes(std::span(&record, 1)));
  }

  // Fills all the room with zero records of one byte. False if there is none for a section of them.
  [[nodiscard]] bool Pad(ControlOp op) noexcept {
    ENSURE(KnownRecordBytes(op) == 1);
    if (room() <= sizeof(SectionHeader)) return false;
    const std::size_t count = std::min<std::size_t>(room() - sizeof(SectionHeader), 0xffff);
    OpenSection(TagOf(static_cast<std::uint8_t>(TableId::kControl), static_cast<std::uint8_t>(op),
                      kControlSchema, 1),
                Version{});
    section_count_ = static_cast<std::uint16_t>(count);
    const U16be wire{section_count_};
    std::memcpy(buffer_.data() + section_at_ + offsetof(SectionHeader, count), &wire, sizeof(wire));
    std::memset(buffer_.data() + used_, 0, count);
    used_ += count;
    return true;
  }

  // Writes the header; returns the bytes of the frame. The buffer is the caller's again.
  [[nodiscard]] std::size_t Finish(const FrameHeader& header) noexcept {
    std::memcpy(buffer_.data(), &header, sizeof(header));
    return used_;
  }

  [[nodiscard]] std::size_t room() const noexcept { return buffer_.size() - used_; }
  [[nodiscard]] bool empty() const noexcept { return used_ == sizeof(FrameHeader); }

 private:
  // table, op, schema and record_bytes as the section header has them.
  using Tag = std::uint32_t;
  static Tag TagOf(std::uint8_t table, std::uint8_t op, std::uint8_t schema,
                   std::size_t record_bytes) noexcept {
    ENSURE(record_bytes >= 1 && record_bytes <= 255);
    return (std::uint32_t{table} << 24) | (std::uint32_t{op} << 16) | (std::uint32_t{schema} << 8) |
           static_cast<std::uint32_t>(record_bytes);
  }
  [[nodiscard]] bool Joins(Tag tag, Version version) const noexcept {
    return section_at_ != 0 && tag == section_tag_ && version == next_version_ &&
           section_count_ != 0xffff;
  }
  [[nodiscard]] std::size_t CostOf(Tag tag, Version version,
                                   std::size_t record_bytes) const noexcept {
    return record_bytes + (Joins(tag, version) ? 0 : sizeof(SectionHeader));
  }
  [[nodiscard]] bool Put(Tag tag, Version version, std::span<const std::byte> record) noexcept {
    if (CostOf(tag, version, record.size()) > room()) return false;
    if (!Joins(tag, version)) OpenSection(tag, version);
    std::memcpy(buffer_.data() + used_, record.data(), record.size());
    used_ += record.size();
    const U16be count{++section_count_};
    std::memcpy(buffer_.data() + section_at_ + offsetof(SectionHeader, count), &count,
                sizeof(count));
    // Control sections have no versions, so every record of theirs has the same: zero.
    next_version_ = {version.bits + (version.bits != 0 ? 1u : 0u)};
    return true;
  }
  void OpenSection(Tag tag, Version version) noexcept {
    SectionHeader header;
    header.table = static_cast<std::uint8_t>(tag >> 24);
    header.op = static_cast<std::uint8_t>(tag >> 16);
    header.schema = static_cast<std::uint8_t>(tag >> 8);
    header.record_bytes = static_cast<std::uint8_t>(tag);
    header.term.Set(TermOf(version).value);
    header.counter.Set(CounterOf(version));
    std::memcpy(buffer_.data() + used_, &header, sizeof(header));
    section_at_ = used_;
    used_ += sizeof(header);
    section_tag_ = tag;
    section_count_ = 0;
  }

  std::span<std::byte> buffer_;
  std::size_t used_ = 0;
  std::size_t section_at_ = 0;  // Offset of the last section's header; 0: none.
  Tag section_tag_ = 0;
  Version next_version_;
  std::uint16_t section_count_ = 0;
};

}  // namespace statesync
