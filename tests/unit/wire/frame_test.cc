// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Frames: what the writer groups, what the reader refuses and why, what it skips.

#include <array>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/frame_writer.h"

namespace statesync {
namespace {

FrameHeader ValidHeader() {
  FrameHeader header{};
  header.term.Set(9);
  header.flags = kFrameNumbered;
  header.frame_number.Set(100);
  header.oldest_back.Set(99);
  return header;
}

template <typename Record>
std::span<const std::byte> AsBytes(const Record& record) {
  return std::as_bytes(std::span(&record, 1));
}

// Appends `count` deletes with counters from `counter` on.
void AppendDeletes(FrameWriter& writer, std::size_t count, std::uint64_t counter) {
  for (std::size_t i = 0; i < count; ++i) {
    SessionDelete record;
    record.shard = 1;
    record.slot.Set(static_cast<std::uint16_t>(i));
    ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete, AsBytes(record),
                              MakeVersion({9}, counter + i)));
  }
}

// A frame with a control section and two table sections; 2 deletes start at offset 28 + 14 + 6.
std::vector<std::byte> ExampleFrame() {
  std::vector<std::byte> buffer(1000);
  FrameWriter writer;
  writer.Begin(buffer);
  RepairedRecord repaired;
  repaired.frame.Set(7);
  EXPECT_TRUE(writer.AppendControl(ControlOp::kRepaired, repaired));
  AppendDeletes(writer, 2, 10);
  SessionUpdate update{};
  EXPECT_TRUE(writer.Append(TableId::kSession, Op::kUpdate, kSessionUpdate, AsBytes(update),
                            MakeVersion({9}, 12)));
  buffer.resize(writer.Finish(ValidHeader()));
  return buffer;
}

constexpr std::size_t kControlAt = sizeof(FrameHeader);
constexpr std::size_t kDeletesAt = kControlAt + sizeof(SectionHeader) + sizeof(RepairedRecord);
constexpr std::size_t kUpdateAt = kDeletesAt + sizeof(SectionHeader) + 2 * sizeof(SessionDelete);
constexpr std::size_t kExampleBytes = kUpdateAt + sizeof(SectionHeader) + sizeof(SessionUpdate);

Verdict Check(std::span<const std::byte> frame) {
  FrameHeader header;
  return CheckFrame(frame, header);
}

// Overwrites bytes of the example and checks it.
Verdict CheckWith(std::size_t offset, std::initializer_list<int> bytes) {
  std::vector<std::byte> frame = ExampleFrame();
  for (const int byte : bytes) frame[offset++] = static_cast<std::byte>(byte);
  return Check(frame);
}

std::size_t CountRecords(std::span<const std::byte> frame, std::uint32_t* skipped = nullptr) {
  FrameReader reader(frame);
  Section section;
  std::size_t records = 0;
  while (reader.Next(section)) records += section.count;
  if (skipped != nullptr) *skipped = reader.skipped_count();
  return records;
}

TEST(FrameWriter, GroupsRecordsWithConsecutiveVersions) {
  const std::vector<std::byte> frame = ExampleFrame();
  EXPECT_EQ(frame.size(), kExampleBytes);
  ASSERT_EQ(Check(frame), Verdict::kAccepted);
  EXPECT_EQ(CountRecords(frame), 4u);
}

TEST(FrameWriter, OpensASectionWhereACounterIsSkipped) {
  std::array<std::byte, 1000> buffer;
  FrameWriter writer;
  writer.Begin(buffer);
  AppendDeletes(writer, 3, 10);
  AppendDeletes(writer, 1, 14);
  EXPECT_EQ(writer.Finish(ValidHeader()),
            sizeof(FrameHeader) + 2 * sizeof(SectionHeader) + 4 * sizeof(SessionDelete));
}

TEST(FrameWriter, OpensASectionWhereTheTermChanges) {
  std::array<std::byte, 1000> buffer;
  FrameWriter writer;
  writer.Begin(buffer);
  AppendDeletes(writer, 1, 10);
  const SessionDelete record{};
  ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete, AsBytes(record),
                            MakeVersion({8}, 11)));
  EXPECT_EQ(writer.Finish(ValidHeader()),
            sizeof(FrameHeader) + 2 * (sizeof(SectionHeader) + sizeof(SessionDelete)));
}

TEST(FrameWriter, GroupsControlRecordsOfOneKind) {
  std::array<std::byte, 1000> buffer;
  FrameWriter writer;
  writer.Begin(buffer);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer.AppendControl(ControlOp::kWant, WantRecord{}));
  EXPECT_EQ(writer.Finish(ValidHeader()),
            sizeof(FrameHeader) + sizeof(SectionHeader) + 3 * sizeof(WantRecord));
}

// Every buffer size: what Fits promises, Append does, and no byte past the buffer is touched.
TEST(FrameWriter, NeverWritesPastTheBuffer) {
  for (std::size_t size = sizeof(FrameHeader); size < 200; ++size) {
    std::vector<std::byte> memory(size + 64, std::byte{0xa5});
    FrameWriter writer;
    writer.Begin(std::span(memory).first(size));
    std::uint64_t counter = 1;
    for (;; ++counter) {
      const SessionUpdate update{};
      const Version version = MakeVersion({9}, counter);
      const bool fits =
          writer.Fits(TableId::kSession, Op::kUpdate, kSessionUpdate, sizeof(update), version);
      const std::size_t room = writer.room();
      const bool appended =
          writer.Append(TableId::kSession, Op::kUpdate, kSessionUpdate, AsBytes(update), version);
      ASSERT_EQ(fits, appended) << size;
      if (!appended) {
        ASSERT_EQ(writer.room(), room);
        ASSERT_LT(room, sizeof(SectionHeader) + sizeof(SessionUpdate));
        break;
      }
    }
    const std::size_t bytes = writer.Finish(ValidHeader());
    ASSERT_LE(bytes, size);
    ASSERT_EQ(Check(std::span(memory).first(bytes)), Verdict::kAccepted) << size;
    for (std::size_t i = size; i < memory.size(); ++i) ASSERT_EQ(memory[i], std::byte{0xa5});
  }
}

// Cutting the frame anywhere but between sections is noticed.
TEST(FrameReader, RefusesEveryTruncation) {
  const std::vector<std::byte> frame = ExampleFrame();
  for (std::size_t bytes = 0; bytes < frame.size(); ++bytes) {
    const Verdict verdict = Check(std::span(frame).first(bytes));
    const bool between = bytes == kControlAt || bytes == kDeletesAt || bytes == kUpdateAt;
    if (bytes < sizeof(FrameHeader)) {
      EXPECT_EQ(verdict, Verdict::kFrameShort) << bytes;
    } else if (between) {
      EXPECT_EQ(verdict, Verdict::kAccepted) << bytes;
    } else {
      EXPECT_TRUE(verdict == Verdict::kSectionShort || verdict == Verdict::kSectionOverrun)
          << bytes << " " << NameOf(verdict);
    }
  }
}

TEST(FrameReader, NamesTheFirstBrokenRule) {
  struct Case {
    std::size_t offset;
    std::initializer_list<int> bytes;
    Verdict verdict;
  };
  const std::size_t d = kDeletesAt;
  const Case cases[] = {
      {offsetof(FrameHeader, flags), {0x02}, Verdict::kUnknownFlags},
      {offsetof(FrameHeader, frame_number), {0, 0, 0, 0, 0, 0}, Verdict::kFrameNumberZero},
      {offsetof(FrameHeader, oldest_back), {0, 0, 100}, Verdict::kOldestBeforeFirst},
      {offsetof(FrameHeader, role), {8}, Verdict::kBadRole},
      {offsetof(FrameHeader, readiness), {5}, Verdict::kBadReadiness},
      {d + offsetof(SectionHeader, count), {0, 0}, Verdict::kSectionEmpty},
      {d + offsetof(SectionHeader, record_bytes), {2}, Verdict::kRecordShort},
      {d + offsetof(SectionHeader, record_bytes), {0}, Verdict::kRecordShort},
      {d + offsetof(SectionHeader, count), {0xff, 0xff}, Verdict::kSectionOverrun},
      {d + offsetof(SectionHeader, record_bytes), {255}, Verdict::kSectionOverrun},
      {d + offsetof(SectionHeader, term), {0, 0, 0}, Verdict::kSectionTermZero},
      {d + offsetof(SectionHeader, counter), {0, 0, 0, 0, 0}, Verdict::kSectionTermZero},
      {d + offsetof(SectionHeader, term), {0, 0, 10}, Verdict::kSectionTermAhead},
      {d + offsetof(SectionHeader, counter), {255, 255, 255, 255, 255}, Verdict::kCounterOverrun},
      {kControlAt + offsetof(SectionHeader, term), {0, 0, 9}, Verdict::kControlVersioned},
      {kControlAt + offsetof(SectionHeader, counter), {0, 0, 0, 0, 1}, Verdict::kControlVersioned},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CheckWith(c.offset, c.bytes), c.verdict) << c.offset << " " << NameOf(c.verdict);
  }
}

TEST(FrameReader, TakesTheLastCounterThereIs) {
  // Two records whose last version has counter 2^40 − 1.
  EXPECT_EQ(CheckWith(kDeletesAt + offsetof(SectionHeader, counter), {255, 255, 255, 255, 254}),
            Verdict::kAccepted);
}

TEST(FrameReader, SkipsUnknownTablesOperationsAndSchemas) {
  const std::size_t offsets[] = {offsetof(SectionHeader, table), offsetof(SectionHeader, op),
                                 offsetof(SectionHeader, schema)};
  for (const std::size_t offset : offsets) {
    std::vector<std::byte> frame = ExampleFrame();
    frame[kDeletesAt + offset] = std::byte{0x77};
    ASSERT_EQ(Check(frame), Verdict::kAccepted) << offset;
    std::uint32_t skipped = 0;
    EXPECT_EQ(CountRecords(frame, &skipped), 2u) << offset;
    EXPECT_EQ(skipped, 2u) << offset;
  }
}

TEST(FrameReader, ReadsTheKnownPrefixOfLongerRecords) {
  std::array<std::byte, 1000> buffer;
  FrameWriter writer;
  writer.Begin(buffer);
  for (std::uint16_t slot = 1; slot <= 3; ++slot) {
    std::array<std::byte, sizeof(SessionDelete) + 4> longer;
    longer.fill(std::byte{0xee});
    SessionDelete record;
    record.shard = 5;
    record.slot.Set(slot);
    std::memcpy(longer.data(), &record, sizeof(record));
    ASSERT_TRUE(writer.Append(TableId::kSession, Op::kDelete, kSessionDelete, longer,
                              MakeVersion({9}, slot)));
  }
  const auto frame = std::span<const std::byte>(buffer).first(writer.Finish(ValidHeader()));
  ASSERT_EQ(Check(frame), Verdict::kAccepted);
  FrameReader reader(frame);
  Section section;
  ASSERT_TRUE(reader.Next(section));
  ASSERT_EQ(section.count, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(section.Get<SessionDelete>(i).slot.Get(), i + 1);
    EXPECT_EQ(section.Get<SessionDelete>(i).shard, 5);
  }
}

// Random bytes, and valid frames with random bytes changed: checked, and if accepted read to the
// end.
TEST(FrameReader, SurvivesRandomBytes) {
  std::mt19937_64 random(1);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> frame = ExampleFrame();
    if (round % 2 == 0) {
      frame.resize(random() % 200);
      for (std::byte& byte : frame) byte = static_cast<std::byte>(random());
    } else {
      for (int i = 0; i < 3; ++i) frame[random() % frame.size()] = static_cast<std::byte>(random());
    }
    if (Check(frame) != Verdict::kAccepted) continue;
    ++accepted;
    FrameReader reader(frame);
    Section section;
    unsigned sum = 0;
    while (reader.Next(section)) {
      for (std::size_t i = 0; i < section.count; ++i) {
        for (std::size_t b = 0; b < section.record_bytes; ++b) {
          sum += static_cast<unsigned>(section.record(i)[b]);
        }
      }
    }
    EXPECT_LT(sum, 1u << 24);
  }
  EXPECT_GT(accepted, 100u);
}

TEST(ClearHeaderCheck, NamesTheFirstBrokenRule) {
  ClearHeader good;
  good.magic.Set(kMagic);
  good.version = kProtocolVersion;
  good.kind_phase = 0x1f;
  good.stream.Set(kStreamsMax - 1);
  good.packet_number.Set(1);
  ClearHeader read;
  EXPECT_EQ(CheckClearHeader(AsBytes(good), read), Verdict::kAccepted);
  EXPECT_EQ(read.kind_phase, 0x1f);
  for (std::size_t bytes = 0; bytes < sizeof(good); ++bytes) {
    EXPECT_EQ(CheckClearHeader(AsBytes(good).first(bytes), read), Verdict::kDatagramShort);
  }
  ClearHeader bad = good;
  bad.magic.Set(0x4c54);
  EXPECT_EQ(CheckClearHeader(AsBytes(bad), read), Verdict::kBadMagic);
  bad = good;
  bad.version = 2;
  EXPECT_EQ(CheckClearHeader(AsBytes(bad), read), Verdict::kBadVersion);
  bad = good;
  bad.kind_phase = 0x20;
  EXPECT_EQ(CheckClearHeader(AsBytes(bad), read), Verdict::kBadKind);
  bad = good;
  bad.stream.Set(kStreamsMax);
  EXPECT_EQ(CheckClearHeader(AsBytes(bad), read), Verdict::kBadStream);
  bad = good;
  bad.packet_number.Set(0);
  EXPECT_EQ(CheckClearHeader(AsBytes(bad), read), Verdict::kPacketNumberZero);
}

TEST(Verdict, EveryOneHasItsOwnName) {
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(NameOf(static_cast<Verdict>(i)), NameOf(static_cast<Verdict>(j)));
    }
  }
}

}  // namespace
}  // namespace statesync
