// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Headers and control records against their vectors, in both directions.

#include "gtest/gtest.h"
#include "statesync/seal/link_report.h"
#include "statesync/types.h"
#include "statesync/wire/schema.h"
#include "tests/golden/hex_file.h"

namespace statesync {
namespace {

ClearHeader HeaderOf(std::uint16_t stream, std::uint16_t epoch) {
  ClearHeader header;
  header.magic.Set(kMagic);
  header.version = 1;
  header.kind_phase = 0x05;
  header.stream.Set(stream);
  header.epoch.Set(epoch);
  header.packet_number.Set(0x0a0b0c0d);
  return header;
}

TEST(Golden, ClearHeaderV1) {
  const ClearHeader header = HeaderOf(3, 0x0102);
  EXPECT_EQ(BytesOf(header), ReadHex("clear_header_v1.hex"));

  const auto read = ReadStruct<ClearHeader>("clear_header_v1.hex");
  EXPECT_EQ(read.magic.Get(), 0x4c53);
  EXPECT_EQ(read.kind_phase & 0x0f, 5);
  EXPECT_EQ(read.stream.Get(), 3);
  EXPECT_EQ(read.epoch.Get(), 0x0102);
  EXPECT_EQ(read.packet_number.Get(), 0x0a0b0c0du);
}

TEST(Golden, LinkReportV1) {
  const ClearHeader header = HeaderOf(0, kLinkReport | HeardBit(1));
  EXPECT_EQ(BytesOf(header), ReadHex("link_report_v1.hex"));

  const auto read = ReadStruct<ClearHeader>("link_report_v1.hex");
  EXPECT_EQ(CheckEmpty(read.stream.Get(), read.epoch.Get()), SealVerdict::kAccepted);
  EXPECT_TRUE(IsLinkReport(read.epoch.Get()));
  EXPECT_FALSE(read.epoch.Get() & HeardBit(0));
}

TEST(Golden, FrameHeaderV1) {
  FrameHeader header;
  header.term.Set(9);
  header.flags = kFrameNumbered;
  header.frame_number.Set(0x01020304);
  header.oldest_back.Set(4096);
  header.send_time_us.Set(0xdeadbeef);
  header.ack.Set(0x0a0b0c);
  header.credit.Set(4096);
  header.role = static_cast<std::uint8_t>(Role::kActive);
  header.readiness = static_cast<std::uint8_t>(Readiness::kSynced);
  EXPECT_EQ(BytesOf(header), ReadHex("frame_header_v1.hex"));

  const auto read = ReadStruct<FrameHeader>("frame_header_v1.hex");
  EXPECT_EQ(read.term.Get(), 9u);
  EXPECT_EQ(read.frame_number.Get(), 0x01020304u);
  EXPECT_EQ(read.oldest_back.Get(), 4096u);
  EXPECT_EQ(read.send_time_us.Get(), 0xdeadbeefu);
  EXPECT_EQ(read.ack.Get(), 0x0a0b0cu);
  EXPECT_EQ(read.credit.Get(), 4096u);
}

TEST(Golden, SectionHeaderV1) {
  SectionHeader header;
  header.table = 1;
  header.op = 1;
  header.schema = 2;
  header.record_bytes = 29;
  header.count.Set(2);
  header.term.Set(9);
  header.counter.Set(0x123456);
  EXPECT_EQ(BytesOf(header), ReadHex("section_header_v1.hex"));

  const auto read = ReadStruct<SectionHeader>("section_header_v1.hex");
  EXPECT_EQ(read.count.Get(), 2);
  EXPECT_EQ(read.term.Get(), 9u);
  EXPECT_EQ(read.counter.Get(), 0x123456u);
}

WireHandle ExampleHandle() {
  WireHandle handle;
  handle.shard = 0x27;
  handle.slot.Set(0x1234);
  handle.generation = 5;
  return handle;
}

TEST(Golden, NackV1) {
  NackRecord record;
  record.first.Set(256);
  record.count.Set(3);
  EXPECT_EQ(BytesOf(record), ReadHex("nack_v1.hex"));
  EXPECT_EQ(ReadStruct<NackRecord>("nack_v1.hex").first.Get(), 256u);
  EXPECT_EQ(ReadStruct<NackRecord>("nack_v1.hex").count.Get(), 3);
}

TEST(Golden, RepairedV1) {
  RepairedRecord record;
  record.frame.Set(256);
  record.first_back.Set(2);
  EXPECT_EQ(BytesOf(record), ReadHex("repaired_v1.hex"));
  EXPECT_EQ(ReadStruct<RepairedRecord>("repaired_v1.hex").frame.Get(), 256u);
}

TEST(Golden, LostV1) {
  LostRecord record;
  record.first.Set(5);
  record.last.Set(516);
  EXPECT_EQ(BytesOf(record), ReadHex("lost_v1.hex"));
  EXPECT_EQ(ReadStruct<LostRecord>("lost_v1.hex").first.Get(), 5u);
  EXPECT_EQ(ReadStruct<LostRecord>("lost_v1.hex").last.Get(), 516u);
}

TEST(Golden, WantV1) {
  WantRecord record;
  record.table = static_cast<std::uint8_t>(TableId::kSession);
  record.handle = ExampleHandle();
  EXPECT_EQ(BytesOf(record), ReadHex("want_v1.hex"));
  EXPECT_EQ(ReadStruct<WantRecord>("want_v1.hex").handle.slot.Get(), 0x1234);
}

TEST(Golden, BulkRequestV1) {
  BulkRequestRecord record;
  record.bulk_id.Set(7);
  record.table = 0;
  std::memset(record.shards, 0, sizeof(record.shards));
  record.shards[0] = 0x01;
  record.shards[31] = 0x80;
  EXPECT_EQ(BytesOf(record), ReadHex("bulk_request_v1.hex"));
  EXPECT_EQ(ReadStruct<BulkRequestRecord>("bulk_request_v1.hex").bulk_id.Get(), 7u);
}

TEST(Golden, BulkStateV1) {
  BulkStateRecord record;
  record.bulk_id.Set(7);
  record.phase = static_cast<std::uint8_t>(BulkPhase::kFinished);
  record.complete = 1;
  record.cut_term.Set(9);
  record.cut_counter.Set(0x123456);
  record.end_frame.Set(1000);
  record.entry_count.Set(100'000);
  record.sent_count.Set(99'999);
  EXPECT_EQ(BytesOf(record), ReadHex("bulk_state_v1.hex"));

  const auto read = ReadStruct<BulkStateRecord>("bulk_state_v1.hex");
  EXPECT_EQ(read.cut_term.Get(), 9u);
  EXPECT_EQ(read.cut_counter.Get(), 0x123456u);
  EXPECT_EQ(read.end_frame.Get(), 1000u);
  EXPECT_EQ(read.entry_count.Get(), 100'000u);
  EXPECT_EQ(read.sent_count.Get(), 99'999u);
}

TEST(Golden, BulkDoneV1) {
  BulkDoneRecord record;
  record.bulk_id.Set(7);
  record.result = static_cast<std::uint8_t>(BulkResult::kAgreed);
  record.swept_count.Set(12);
  EXPECT_EQ(BytesOf(record), ReadHex("bulk_done_v1.hex"));
  EXPECT_EQ(ReadStruct<BulkDoneRecord>("bulk_done_v1.hex").swept_count.Get(), 12u);
}

TEST(Golden, DigestRecordV1) {
  DigestRecord record;
  record.table = 1;
  record.shard = 0x27;
  record.count.Set(640);
  record.as_of.Set(1000);
  record.sum_high.Set(0x2abd59990909d966);
  record.sum_low.Set(0x58a64b97e1717b30);
  EXPECT_EQ(BytesOf(record), ReadHex("digest_record_v1.hex"));
  EXPECT_EQ(ReadStruct<DigestRecord>("digest_record_v1.hex").sum_high.Get(), 0x2abd59990909d966u);
  EXPECT_EQ(ReadStruct<DigestRecord>("digest_record_v1.hex").sum_low.Get(), 0x58a64b97e1717b30u);
}

TEST(Golden, DigestReportV1) {
  DigestReportRecord record;
  record.as_of.Set(1000);
  record.agreed.Set(254);
  record.differed.Set(1);
  record.undecided.Set(1);
  record.refused_count.Set(2);
  record.epoch.Set(258);
  EXPECT_EQ(BytesOf(record), ReadHex("digest_report_v1.hex"));
  EXPECT_EQ(ReadStruct<DigestReportRecord>("digest_report_v1.hex").agreed.Get(), 254);
  EXPECT_EQ(ReadStruct<DigestReportRecord>("digest_report_v1.hex").refused_count.Get(), 2u);
}

TEST(Golden, RefusedV1) {
  RefusedRecord record;
  record.table = 1;
  record.handle = ExampleHandle();
  record.reason = static_cast<std::uint8_t>(RefusalReason::kUnknownId);
  EXPECT_EQ(BytesOf(record), ReadHex("refused_v1.hex"));
  EXPECT_EQ(ReadStruct<RefusedRecord>("refused_v1.hex").handle.generation, 5);
}

}  // namespace
}  // namespace statesync
