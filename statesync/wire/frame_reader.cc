// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/wire/frame_reader.h"

#include <cstring>

#include "statesync/limits.h"

namespace statesync {

Verdict FrameReader::Open(std::span<const std::byte> sealed) noexcept {
  FrameHeader header;
  if (sealed.size() < sizeof(header)) return Verdict::kFrameShort;
  std::memcpy(&header, sealed.data(), sizeof(header));
  if ((header.flags & ~kFrameFlagsKnown) != 0) return Verdict::kUnknownFlags;
  const std::uint64_t number = header.frame_number.Get();
  if (number == 0) return Verdict::kFrameNumberZero;
  if (header.oldest_back.Get() >= number) return Verdict::kOldestBeforeFirst;
  if (header.role > static_cast<std::uint8_t>(Role::kTentative)) return Verdict::kBadRole;
  if (header.readiness > static_cast<std::uint8_t>(Readiness::kAtRisk)) {
    return Verdict::kBadReadiness;
  }
  fields_ = {
      .term = {header.term.Get()},
      .numbered = (header.flags & kFrameNumbered) != 0,
      .number = number,
      .oldest = number - header.oldest_back.Get(),
      .send_time_us = header.send_time_us.Get(),
      .ack = header.ack.Get(),
      .credit = header.credit.Get(),
      .role = static_cast<Role>(header.role),
      .readiness = static_cast<Readiness>(header.readiness),
  };
  sections_ = sealed.subspan(sizeof(header));
  rest_ = sections_;
  return Verdict::kAccepted;
}

bool FrameReader::Next(SectionView& section, Verdict& verdict) noexcept {
  verdict = Verdict::kAccepted;
  if (rest_.empty()) return false;
  const auto broken = [&verdict](Verdict rule) {
    verdict = rule;
    return false;
  };
  SectionHeader header;
  if (rest_.size() < sizeof(header)) return broken(Verdict::kSectionShort);
  std::memcpy(&header, rest_.data(), sizeof(header));
  const std::uint16_t count = header.count.Get();
  if (count == 0) return broken(Verdict::kSectionEmpty);
  if (header.record_bytes == 0) return broken(Verdict::kRecordShort);
  const std::size_t bytes = std::size_t{count} * header.record_bytes;
  if (bytes > rest_.size() - sizeof(header)) return broken(Verdict::kSectionOverrun);
  const Term term{header.term.Get()};
  const std::uint64_t counter = header.counter.Get();
  if (header.table == static_cast<std::uint8_t>(TableId::kControl)) {
    if (term.value != 0 || counter != 0) return broken(Verdict::kControlVersioned);
  } else {
    if (term.value == 0 || counter == 0) return broken(Verdict::kSectionTermZero);
    if (term > fields_.term) return broken(Verdict::kSectionTermAhead);
    if (counter + count - 1 > kVersionCounterMax) return broken(Verdict::kCounterOverrun);
  }
  section = {
      .table = static_cast<TableId>(header.table),
      .op = header.op,
      .schema = header.schema,
      .record_bytes = header.record_bytes,
      .count = count,
      .first = MakeVersion(term, counter),
      .records = rest_.data() + sizeof(header),
  };
  rest_ = rest_.subspan(sizeof(header) + bytes);
  return true;
}

}  // namespace statesync
