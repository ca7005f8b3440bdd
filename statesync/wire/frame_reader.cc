// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/wire/frame_reader.h"

#include "statesync/ensure.h"
#include "statesync/wire/record_sizes.h"

namespace statesync {
namespace {

constexpr std::uint8_t kRoleMax = static_cast<std::uint8_t>(Role::kTentative);
constexpr std::uint8_t kReadinessMax = static_cast<std::uint8_t>(Readiness::kAtRisk);

template <typename Header>
Header Load(std::span<const std::byte> bytes) {
  Header header;
  std::memcpy(static_cast<void*>(&header), bytes.data(), sizeof(Header));
  return header;
}

std::size_t RecordsBytes(const SectionHeader& section) {
  return std::size_t{section.record_bytes} * section.count.Get();
}

Verdict CheckHeader(const FrameHeader& header) {
  if ((header.flags & ~kFrameFlagsKnown) != 0) return Verdict::kUnknownFlags;
  if (header.frame_number.Get() == 0) return Verdict::kFrameNumberZero;
  if (header.oldest_back.Get() >= header.frame_number.Get()) return Verdict::kOldestBeforeFirst;
  if (header.role > kRoleMax) return Verdict::kBadRole;
  if (header.readiness > kReadinessMax) return Verdict::kBadReadiness;
  return Verdict::kAccepted;
}

Verdict CheckVersions(const SectionHeader& section, const FrameHeader& header) {
  const std::uint64_t counter = section.counter.Get();
  if (section.table == static_cast<std::uint8_t>(TableId::kControl)) {
    return section.term.Get() == 0 && counter == 0 ? Verdict::kAccepted
                                                   : Verdict::kControlVersioned;
  }
  if (section.term.Get() == 0 || counter == 0) return Verdict::kSectionTermZero;
  if (section.term.Get() > header.term.Get()) return Verdict::kSectionTermAhead;
  if (counter > kVersionCounterMax - (section.count.Get() - 1u)) return Verdict::kCounterOverrun;
  return Verdict::kAccepted;
}

// `rest` begins with the section.
Verdict CheckSection(std::span<const std::byte> rest, const FrameHeader& header) {
  if (rest.size() < sizeof(SectionHeader)) return Verdict::kSectionShort;
  const auto section = Load<SectionHeader>(rest);
  if (section.count.Get() == 0) return Verdict::kSectionEmpty;
  const std::size_t needed = KnownRecordBytes(section.table, section.op, section.schema);
  if (section.record_bytes == 0 || section.record_bytes < needed) return Verdict::kRecordShort;
  if (RecordsBytes(section) > rest.size() - sizeof(SectionHeader)) return Verdict::kSectionOverrun;
  return CheckVersions(section, header);
}

}  // namespace

Verdict CheckClearHeader(std::span<const std::byte> datagram, ClearHeader& header) noexcept {
  if (datagram.size() < sizeof(ClearHeader)) return Verdict::kDatagramShort;
  const auto read = Load<ClearHeader>(datagram);
  if (read.magic.Get() != kMagic) return Verdict::kBadMagic;
  if (read.version != kProtocolVersion) return Verdict::kBadVersion;
  if ((read.kind_phase >> 4) > static_cast<std::uint8_t>(DatagramKind::kHello)) {
    return Verdict::kBadKind;
  }
  if (read.stream.Get() >= kStreamsMax) return Verdict::kBadStream;
  if (read.packet_number.Get() == 0) return Verdict::kPacketNumberZero;
  header = read;
  return Verdict::kAccepted;
}

Verdict CheckFrame(std::span<const std::byte> sealed, FrameHeader& header) noexcept {
  if (sealed.size() < sizeof(FrameHeader)) return Verdict::kFrameShort;
  const auto read = Load<FrameHeader>(sealed);
  Verdict verdict = CheckHeader(read);
  std::span<const std::byte> rest = sealed.subspan(sizeof(FrameHeader));
  while (verdict == Verdict::kAccepted && !rest.empty()) {
    verdict = CheckSection(rest, read);
    if (verdict != Verdict::kAccepted) break;
    rest = rest.subspan(sizeof(SectionHeader) + RecordsBytes(Load<SectionHeader>(rest)));
  }
  if (verdict == Verdict::kAccepted) header = read;
  return verdict;
}

bool FrameReader::Next(Section& section) noexcept {
  while (!rest_.empty()) {
    ENSURE(rest_.size() >= sizeof(SectionHeader));
    const auto header = Load<SectionHeader>(rest_);
    const std::byte* records = rest_.data() + sizeof(SectionHeader);
    ENSURE(RecordsBytes(header) <= rest_.size() - sizeof(SectionHeader));
    rest_ = rest_.subspan(sizeof(SectionHeader) + RecordsBytes(header));
    if (KnownRecordBytes(header.table, header.op, header.schema) == 0) {
      skipped_count_ += header.count.Get();
      continue;
    }
    section = {static_cast<TableId>(header.table),
               header.op,
               header.schema,
               header.record_bytes,
               header.count.Get(),
               MakeVersion({header.term.Get()}, header.counter.Get()),
               records};
    return true;
  }
  return false;
}

}  // namespace statesync
