// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// libFuzzer target: any bytes as an opened datagram, through every layer of the codec.
//
// Input: one byte of options, then a clear header and what was sealed. Checks: a reader never
// leaves the frame, whatever the header says; every known record can be decoded; an accepted
// session comes back from its entry byte for byte; what FrameWriter writes of the records reads the
// same.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "statesync/ensure.h"
#include "statesync/table/session_codec.h"
#include "statesync/wire/frame_reader.h"
#include "statesync/wire/frame_writer.h"
#include "tests/fuzz/byte_reader.h"

namespace statesync::fuzz {
namespace {

constexpr std::uint8_t kRepairShards = 0x01;  // Else nearly no insert gets past its shard.
constexpr std::array<NetAddr, 2> kNatAddresses = {0x0606'33c6, 0x0706'33c6};

struct Record {
  std::uint8_t table, op, schema;
  Version version;
  std::vector<std::byte> bytes;
  friend bool operator==(const Record&, const Record&) = default;
};

std::vector<Record> ReadAll(std::span<const std::byte> sealed) {
  std::vector<Record> records;
  FrameReader reader(sealed);
  Section section;
  const std::byte* end = sealed.data() + sealed.size();
  while (reader.Next(section)) {
    ENSURE(section.count > 0);
    ENSURE(section.records + std::size_t{section.record_bytes} * section.count <= end);
    ENSURE(KnownRecordBytes(static_cast<std::uint8_t>(section.table), section.op, section.schema) <=
           section.record_bytes);
    for (std::size_t i = 0; i < section.count; ++i) {
      const bool is_control = section.table == TableId::kControl;
      const Version version = is_control ? Version{} : section.version(i);
      ENSURE(is_control || CounterOf(version) != 0);
      ENSURE(is_control || TermOf(version) == TermOf(section.first));
      records.push_back({static_cast<std::uint8_t>(section.table),
                         section.op,
                         section.schema,
                         version,
                         {section.record(i), section.record(i) + section.record_bytes}});
    }
  }
  ENSURE(!reader.Next(section));
  return records;
}

// The shard that the handle must have for the key: as the verdict says.
void RepairShard(const SessionRecord& codec, std::uint8_t schema, std::vector<std::byte>& bytes) {
  for (int shard = 0; shard < 256; ++shard) {
    bytes[0] = static_cast<std::byte>(shard);
    ShardIndex read = 0;
    SessionImage image;
    bool known = true;
    const Verdict verdict = codec.DecodeInsert(schema, bytes.data(), read, image, known);
    if (verdict != Verdict::kSessionWrongShard) return;
  }
  ENSURE(false);
}

void CheckInsert(const SessionRecord& codec, Record& record, bool repairs) {
  ShardIndex shard = 0;
  SessionImage image;
  bool known = false;
  Verdict verdict = codec.DecodeInsert(record.schema, record.bytes.data(), shard, image, known);
  if (verdict == Verdict::kSessionWrongShard && repairs) {
    RepairShard(codec, record.schema, record.bytes);
    verdict = codec.DecodeInsert(record.schema, record.bytes.data(), shard, image, known);
    ENSURE(verdict != Verdict::kSessionWrongShard);
  }
  ENSURE(!NameOf(verdict).empty());
  if (verdict != Verdict::kAccepted || !known) return;
  image.last_seen_s = 0;
  SessionEntry entry{};
  SessionRecord::Fill(entry, image);
  entry.generation = std::to_integer<std::uint8_t>(record.bytes[3]);
  const auto slot = static_cast<SlotIndex>((std::to_integer<unsigned>(record.bytes[1]) << 8) |
                                           std::to_integer<unsigned>(record.bytes[2]));
  PreparedRecord again{};
  codec.EncodeInsert(entry, {shard, slot}, again);
  // A record may be longer than its schema; the prefix is what is known.
  ENSURE(again.schema == record.schema);
  ENSURE(std::memcmp(again.bytes.data(), record.bytes.data(), again.record_bytes) == 0);
}

void CheckUpdate(const Record& record) {
  for (const SessionState state :
       {SessionState::kTcpEstablished, SessionState::kUdpMultiple, SessionState::kIcmpEcho}) {
    SessionEntry entry{};
    entry.state = static_cast<std::uint8_t>(state);
    if (SessionRecord::CheckUpdate(record.bytes.data(), entry) != Verdict::kAccepted) continue;
    entry.generation = std::to_integer<std::uint8_t>(record.bytes[3]);
    SessionRecord::FillUpdate(record.bytes.data(), entry);
    ENSURE(ProtocolOf(static_cast<SessionState>(entry.state)) != 0);
    PreparedRecord again{};
    const Handle handle{std::to_integer<std::uint8_t>(record.bytes[0]),
                        static_cast<SlotIndex>((std::to_integer<unsigned>(record.bytes[1]) << 8) |
                                               std::to_integer<unsigned>(record.bytes[2]))};
    SessionRecord::EncodeUpdate(entry, handle, again);
    ENSURE(std::memcmp(again.bytes.data(), record.bytes.data(), again.record_bytes) == 0);
  }
}

void CheckSession(const SessionRecord& codec, Record& record, bool repairs) {
  switch (static_cast<Op>(record.op)) {
    case Op::kInsert:
      CheckInsert(codec, record, repairs);
      break;
    case Op::kUpdate:
      CheckUpdate(record);
      break;
    case Op::kDelete: {
      const Handle handle{std::to_integer<std::uint8_t>(record.bytes[0]),
                          static_cast<SlotIndex>((std::to_integer<unsigned>(record.bytes[1]) << 8) |
                                                 std::to_integer<unsigned>(record.bytes[2]))};
      PreparedRecord again{};
      SessionRecord::EncodeDelete(handle, again);
      ENSURE(std::memcmp(again.bytes.data(), record.bytes.data(), again.record_bytes) == 0);
      break;
    }
  }
}

// FrameWriter may group records anew; what is read is the same.
void CheckRewritten(const FrameHeader& header, const std::vector<Record>& records) {
  std::vector<std::byte> buffer(sizeof(FrameHeader));
  for (const Record& record : records) {
    buffer.resize(buffer.size() + sizeof(SectionHeader) + record.bytes.size());
  }
  FrameWriter writer;
  writer.Begin(buffer);
  for (const Record& record : records) {
    const auto table = static_cast<TableId>(record.table);
    const auto op = static_cast<Op>(record.op);
    ENSURE(writer.Fits(table, op, record.schema, record.bytes.size(), record.version));
    ENSURE(writer.Append(table, op, record.schema, record.bytes, record.version));
  }
  ENSURE(writer.empty() == records.empty());
  buffer.resize(writer.Finish(header));
  FrameHeader again;
  ENSURE(CheckFrame(buffer, again) == Verdict::kAccepted);
  ENSURE(std::memcmp(&again, &header, sizeof(header)) == 0);
  ENSURE(ReadAll(buffer) == records);
}

void Run(ByteReader input) {
  static const SessionRecord codec = [] {
    SessionRecord made;
    made.Init(kNatAddresses);
    return made;
  }();
  const std::uint8_t options = input.Byte();
  const auto datagram = input.Take(kDatagramBytesMax);
  ClearHeader clear;
  const Verdict clear_verdict = CheckClearHeader(datagram, clear);
  ENSURE(!NameOf(clear_verdict).empty());
  if (clear_verdict == Verdict::kAccepted) {
    ENSURE(std::memcmp(&clear, datagram.data(), sizeof(clear)) == 0);
    ENSURE(clear.stream.Get() < kStreamsMax);
  }
  if (datagram.size() < sizeof(ClearHeader)) return;
  // A copy of the exact size: a sanitizer sees every byte that is read past it.
  const auto behind = datagram.subspan(sizeof(ClearHeader));
  const std::vector<std::byte> sealed(behind.begin(), behind.end());
  FrameHeader header;
  const Verdict verdict = CheckFrame(sealed, header);
  ENSURE(!NameOf(verdict).empty());
  if (verdict != Verdict::kAccepted) return;
  ENSURE(std::memcmp(&header, sealed.data(), sizeof(header)) == 0);
  std::vector<Record> records = ReadAll(sealed);
  CheckRewritten(header, records);
  for (Record& record : records) {
    if (record.table != static_cast<std::uint8_t>(TableId::kSession)) continue;
    CheckSession(codec, record, (options & kRepairShards) != 0);
  }
}

}  // namespace
}  // namespace statesync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  statesync::fuzz::Run({data, size});
  return 0;
}
