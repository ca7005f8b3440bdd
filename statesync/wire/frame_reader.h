// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Reads what was under a frame's seal: header, then sections. PROTOCOL.md §3 gives the order of rules.
//
// Check() looks at the whole frame before anything is applied, so a frame counts entirely or not at all.
//
// Threads: values only.  Memory: views into the caller's bytes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "statesync/types.h"
#include "statesync/wire/schema.h"
#include "statesync/wire/verdict.h"

namespace statesync {

// FrameHeader, decoded and checked.
struct FrameFields {
  Term term;
  bool numbered = false;
  std::uint64_t number = 0;
  std::uint64_t oldest = 0;  // Oldest frame that can still be repaired.
  std::uint32_t send_time_us = 0;
  std::uint64_t ack = 0;
  std::uint32_t credit = 0;
  Role role = Role::kInit;
  Readiness readiness = Readiness::kNoPeer;
};

// SectionHeader, decoded, and where its records are.
struct SectionView {
  TableId table = TableId::kControl;
  std::uint8_t op = 0;  // Op or ControlOp.
  std::uint8_t schema = 0;
  std::uint8_t record_bytes = 0;
  std::uint16_t count = 0;
  Version first;  // Of record 0; zero in control sections.
  const std::byte* records = nullptr;  // [count * record_bytes]

  [[nodiscard]] const std::byte* record(std::size_t i) const { return records + i * record_bytes; }
};

class FrameReader {
 public:
  // First broken rule of the frame header, or kAccepted.
  [[nodiscard]] Verdict Open(std::span<const std::byte> sealed) noexcept;
  [[nodiscard]] const FrameFields& fields() const { return fields_; }

  // First broken rule of all sections. `required(section)` gives the bytes that a record needs at
  // least, 0 if the table, operation or schema is unknown here (such a section is skipped by its
  // lengths). `has_table_sections` is set if one is not control.
  template <typename Required>
  [[nodiscard]] Verdict CheckSections(Required required, bool& has_table_sections) noexcept {
    has_table_sections = false;
    SectionView section;
    Verdict verdict = Verdict::kAccepted;
    Rewind();
    while (Next(section, verdict)) {
      if (section.record_bytes < required(section)) return Verdict::kRecordShort;
      has_table_sections = has_table_sections || section.table != TableId::kControl;
    }
    Rewind();
    return verdict;
  }

  // The next section; false at the end or at the first broken rule, which `verdict` then names.
  [[nodiscard]] bool Next(SectionView& section, Verdict& verdict) noexcept;
  void Rewind() { rest_ = sections_; }

 private:
  std::span<const std::byte> sections_;
  std::span<const std::byte> rest_;
  FrameFields fields_;
};

}  // namespace statesync
