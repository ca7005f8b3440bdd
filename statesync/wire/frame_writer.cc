// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/wire/frame_writer.h"

#include <cstring>

#include "statesync/ensure.h"

namespace statesync {

void FrameWriter::Begin(std::span<std::byte> buffer) noexcept {
  ENSURE(!is_open() && buffer.size() >= sizeof(FrameHeader));
  buffer_ = buffer;
  used_ = sizeof(FrameHeader);
  section_at_ = 0;
}

bool FrameWriter::JoinsOpenSection(TableId table, std::uint8_t op, std::uint8_t schema,
                                   std::size_t record_bytes) const noexcept {
  return section_at_ != 0 && section_.table == static_cast<std::uint8_t>(table) &&
         section_.op == op && section_.schema == schema && section_.record_bytes == record_bytes;
}

bool FrameWriter::HasRoom(TableId table, std::uint8_t op, std::uint8_t schema,
                          std::size_t record_bytes) const noexcept {
  const bool joins = JoinsOpenSection(table, op, schema, record_bytes);
  return record_bytes + (joins ? 0 : sizeof(SectionHeader)) <= room();
}

void FrameWriter::Append(TableId table, std::uint8_t op, std::uint8_t schema,
                         std::span<const std::byte> record, Version version) noexcept {
  ENSURE(is_open() && HasRoom(table, op, schema, record.size()));
  if (!JoinsOpenSection(table, op, schema, record.size())) {
    CloseSection();
    section_at_ = used_;
    used_ += sizeof(SectionHeader);
    section_.table = static_cast<std::uint8_t>(table);
    section_.op = op;
    section_.schema = schema;
    section_.record_bytes = static_cast<std::uint8_t>(record.size());
    section_.term.Set(TermOf(version).value);
    section_.counter.Set(CounterOf(version));
    section_count_ = 0;
  }
  std::memcpy(buffer_.data() + used_, record.data(), record.size());
  used_ += record.size();
  ++section_count_;
}

void FrameWriter::CloseSection() noexcept {
  if (section_at_ == 0) return;
  section_.count.Set(section_count_);
  std::memcpy(buffer_.data() + section_at_, &section_, sizeof(section_));
  section_at_ = 0;
}

std::uint16_t FrameWriter::Finish(const FrameFields& fields) noexcept {
  ENSURE(is_open());
  CloseSection();
  FrameHeader header;
  header.term.Set(fields.term.value);
  header.flags = fields.numbered ? kFrameNumbered : std::uint8_t{0};
  header.frame_number.Set(fields.number);
  header.oldest_back.Set(static_cast<std::uint32_t>(fields.number - fields.oldest));
  header.send_time_us.Set(fields.send_time_us);
  header.ack.Set(fields.ack);
  header.credit.Set(fields.credit);
  header.role = static_cast<std::uint8_t>(fields.role);
  header.readiness = static_cast<std::uint8_t>(fields.readiness);
  std::memcpy(buffer_.data(), &header, sizeof(header));
  buffer_ = {};
  return static_cast<std::uint16_t>(used_);
}

}  // namespace statesync
