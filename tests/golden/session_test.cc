// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Session records, their digest, and a whole frame against their vectors, through the real codec.

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "statesync/table/session_codec.h"
#include "statesync/table/session_record.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/frame_writer.h"
#include "tests/golden/hex_file.h"

namespace statesync {
namespace {

constexpr Handle kHandle{0x27, 0x1234};

// Addresses and ports as in memory: network order.
NetAddr Addr(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  const std::array<std::uint8_t, 4> bytes = {a, b, c, d};
  NetAddr addr;
  std::memcpy(&addr, bytes.data(), sizeof(addr));
  return addr;
}
NetPort Port(std::uint16_t port) { return FromNetwork(port); }

SessionRecord ExampleRecord() {
  SessionRecord record;
  record.Init(std::array{Addr(198, 51, 100, 6), Addr(198, 51, 100, 7)});
  return record;
}

void FillExample(SessionEntry& entry, bool nat) {
  entry.client_addr = Addr(10, 1, 2, 3);
  entry.server_addr = Addr(192, 0, 2, 80);
  entry.client_port = Port(40'000);
  entry.server_port = Port(443);
  entry.edge[0] = 0xabcdef01;
  entry.edge[1] = 0x00000200;
  entry.state = static_cast<std::uint8_t>(SessionState::kTcpEstablished);
  entry.scales = 0x87;
  entry.rule = 1001;
  entry.generation = 5;
  if (nat) {
    entry.flags = kSessionHasNat;
    entry.nat_addr = Addr(198, 51, 100, 7);
    entry.nat_port = Port(1311);
  }
}

std::vector<std::byte> Bytes(const PreparedRecord& record) {
  return {record.bytes.begin(), record.bytes.begin() + record.record_bytes};
}

void ExpectExampleImage(const SessionImage& image) {
  EXPECT_EQ(image.client_addr, Addr(10, 1, 2, 3));
  EXPECT_EQ(image.server_addr, Addr(192, 0, 2, 80));
  EXPECT_EQ(image.client_port, Port(40'000));
  EXPECT_EQ(image.server_port, Port(443));
  EXPECT_EQ(image.edge[0], 0xabcdf000u);
  EXPECT_EQ(image.edge[1], 0x00000200u);
  EXPECT_EQ(image.state, SessionState::kTcpEstablished);
  EXPECT_EQ(image.scales, 0x87);
  EXPECT_EQ(image.rule, 1001);
}

TEST(Golden, SessionInsertV4) {
  const SessionRecord record = ExampleRecord();
  SessionEntry entry{};
  FillExample(entry, /*nat=*/false);
  PreparedRecord prepared;
  record.EncodeInsert(entry, kHandle, prepared);
  EXPECT_EQ(prepared.schema, kSessionInsertV4);
  EXPECT_EQ(Bytes(prepared), ReadHex("session_insert_v4.hex"));

  SessionImage image;
  ShardIndex shard = 0;
  bool known = false;
  ASSERT_EQ(record.DecodeInsert(kSessionInsertV4, ReadHex("session_insert_v4.hex").data(), shard,
                                image, known),
            Verdict::kAccepted);
  EXPECT_TRUE(known);
  EXPECT_EQ(shard, 0x27);
  EXPECT_EQ(image.flags & kSessionHasNat, 0);
  ExpectExampleImage(image);
}

TEST(Golden, SessionInsertV4Nat) {
  const SessionRecord record = ExampleRecord();
  SessionEntry entry{};
  FillExample(entry, /*nat=*/true);
  PreparedRecord prepared;
  record.EncodeInsert(entry, kHandle, prepared);
  EXPECT_EQ(prepared.schema, kSessionInsertV4Nat);
  EXPECT_EQ(Bytes(prepared), ReadHex("session_insert_v4_nat.hex"));

  SessionImage image;
  ShardIndex shard = 0;
  bool known = false;
  ASSERT_EQ(record.DecodeInsert(kSessionInsertV4Nat, ReadHex("session_insert_v4_nat.hex").data(),
                                shard, image, known),
            Verdict::kAccepted);
  EXPECT_TRUE(known);
  EXPECT_NE(image.flags & kSessionHasNat, 0);
  EXPECT_EQ(image.nat_addr, Addr(198, 51, 100, 7));
  EXPECT_EQ(image.nat_port, Port(1311));
  ExpectExampleImage(image);
}

TEST(Golden, SessionUpdateV1) {
  SessionEntry entry{};
  FillExample(entry, /*nat=*/false);
  entry.state = static_cast<std::uint8_t>(SessionState::kTcpFinWait);
  entry.edge[0] = 0xffffff01;
  entry.edge[1] = 1;
  PreparedRecord prepared;
  SessionRecord::EncodeUpdate(entry, kHandle, prepared);
  EXPECT_EQ(Bytes(prepared), ReadHex("session_update_v1.hex"));

  FillExample(entry, /*nat=*/false);
  const std::vector<std::byte> bytes = ReadHex("session_update_v1.hex");
  ASSERT_EQ(SessionRecord::CheckUpdate(bytes.data(), entry), Verdict::kAccepted);
  SessionRecord::FillUpdate(bytes.data(), entry);
  EXPECT_EQ(entry.state, static_cast<std::uint8_t>(SessionState::kTcpFinWait));
  EXPECT_EQ(entry.edge[0], 0u);
  EXPECT_EQ(entry.edge[1], 256u);
}

TEST(Golden, SessionDeleteV1) {
  PreparedRecord prepared;
  SessionRecord::EncodeDelete(kHandle, prepared);
  EXPECT_EQ(Bytes(prepared), ReadHex("session_delete_v1.hex"));
  const auto read = ReadStruct<SessionDelete>("session_delete_v1.hex");
  EXPECT_EQ(read.shard, 0x27);
  EXPECT_EQ(read.slot.Get(), 0x1234);
}

TEST(Golden, DigestSumV1) {
  SessionEntry entry{};
  FillExample(entry, /*nat=*/true);
  const DigestKey key = MakeDigestKey(0x0001020304050607, 0x08090a0b0c0d0e0f);
  DigestSumBook book;
  book.Move(SessionRecord::NameOf(entry, key), Version{}, MakeVersion({9}, 0x123456));
  const std::array<U64be, 2> sum = {U64be{book.Get().sum.high}, U64be{book.Get().sum.low}};
  EXPECT_EQ(BytesOf(sum), ReadHex("digest_sum_v1.hex"));
  EXPECT_EQ(book.Get().count, 1u);
}

TEST(Golden, ValueHashV1) {
  SessionEntry entry{};
  FillExample(entry, /*nat=*/false);
  PreparedRecord prepared;
  ASSERT_TRUE(ExampleRecord().EncodeForComparison(entry, prepared));
  const auto value = std::span(prepared.bytes).first(prepared.record_bytes);
  const std::uint64_t label = std::uint64_t{1} << 56 | std::uint64_t{1} << 48;  // Table, schema.
  const U64be hash{ValueHash(value.subspan(sizeof(WireHandle)), label,
                             MakeDigestKey(0x0001020304050607, 0x08090a0b0c0d0e0f))};
  EXPECT_EQ(BytesOf(hash), ReadHex("value_hash_v1.hex"));
}

// Readers of the page see the bytes that the tests hold.
TEST(Golden, TheProtocolPageShowsTheWholeFrame) {
  std::ifstream page("../../statesync/PROTOCOL.md");
  ASSERT_TRUE(page);
  std::string line;
  while (line.rfind("## 12.", 0) != 0 && std::getline(page, line)) continue;
  while (line != "```text" && std::getline(page, line)) continue;
  std::string shown;
  while (std::getline(page, line) && line != "```") shown += line + "\n";
  std::ifstream file("frame_v1.hex");
  std::string golden{std::istreambuf_iterator<char>(file), {}};
  golden.erase(0, golden.find('\n') + 1);  // Its title.
  EXPECT_EQ(shown, golden);
}

TEST(Golden, WholeFrameIsWritten) {
  const SessionRecord record = ExampleRecord();
  SessionEntry entry{};
  FillExample(entry, /*nat=*/false);
  std::array<std::byte, 1200> buffer;
  FrameWriter writer;
  writer.Begin(buffer);
  RepairedRecord repaired;
  repaired.frame.Set(256);
  repaired.first_back.Set(2);
  ASSERT_TRUE(writer.AppendControl(ControlOp::kRepaired, repaired));
  std::uint64_t counter = 0x123456;
  PreparedRecord prepared;
  const auto append = [&] {
    return writer.Append(TableId::kSession, prepared.op, prepared.schema,
                         std::span(prepared.bytes).first(prepared.record_bytes),
                         MakeVersion({9}, counter++));
  };
  record.EncodeInsert(entry, kHandle, prepared);
  ASSERT_TRUE(append());
  for (SlotIndex slot = 1; slot <= 2; ++slot) {
    SessionRecord::EncodeDelete({0x27, slot}, prepared);
    ASSERT_TRUE(append());
  }
  const std::size_t bytes = writer.Finish(ReadStruct<FrameHeader>("frame_header_v1.hex"));
  EXPECT_EQ(std::vector<std::byte>(buffer.begin(), buffer.begin() + static_cast<long>(bytes)),
            ReadHex("frame_v1.hex"));
}

TEST(Golden, WholeFrameIsRead) {
  const std::vector<std::byte> bytes = ReadHex("frame_v1.hex");
  FrameHeader header;
  ASSERT_EQ(CheckFrame(bytes, header), Verdict::kAccepted);
  EXPECT_EQ(header.frame_number.Get(), 0x01020304u);
  FrameReader reader(bytes);
  Section section;

  ASSERT_TRUE(reader.Next(section));
  EXPECT_EQ(section.table, TableId::kControl);
  EXPECT_EQ(section.op, static_cast<std::uint8_t>(ControlOp::kRepaired));
  EXPECT_EQ(section.Get<RepairedRecord>(0).frame.Get(), 256u);

  ASSERT_TRUE(reader.Next(section));
  EXPECT_EQ(section.op, static_cast<std::uint8_t>(Op::kInsert));
  EXPECT_EQ(section.schema, kSessionInsertV4);
  EXPECT_EQ(section.version(0), MakeVersion({9}, 0x123456));
  EXPECT_EQ(section.Get<SessionInsertV4>(0).rule.Get(), 1001);

  ASSERT_TRUE(reader.Next(section));
  EXPECT_EQ(section.op, static_cast<std::uint8_t>(Op::kDelete));
  ASSERT_EQ(section.count, 2);
  EXPECT_EQ(section.Get<SessionDelete>(0).slot.Get(), 1);
  EXPECT_EQ(section.Get<SessionDelete>(1).slot.Get(), 2);
  EXPECT_EQ(section.version(1), MakeVersion({9}, 0x123458));

  EXPECT_FALSE(reader.Next(section));
  EXPECT_EQ(reader.skipped_count(), 0u);
}

}  // namespace
}  // namespace statesync
