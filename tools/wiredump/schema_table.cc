// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/schema_table.h"

#include <array>

#include "statesync/wire/record_sizes.h"
#include "statesync/wire/schema.h"

namespace wiredump {
namespace {

using namespace statesync;
using enum FieldKind;

template <std::size_t... Counts>
constexpr auto Join(const std::array<Field, Counts>&... parts) {
  std::array<Field, (Counts + ...)> all{};
  std::size_t next = 0;
  const auto add = [&](const auto& part) {
    for (const Field& field : part) all[next++] = field;
  };
  (add(parts), ...);
  return all;
}

// Fields lie side by side and fill the struct.
template <std::size_t Count>
constexpr bool Fill(const std::array<Field, Count>& fields, std::size_t bytes) {
  std::size_t next = 0;
  for (const Field& field : fields) {
    if (field.offset != next || field.bytes == 0) return false;
    next += field.bytes;
  }
  return next == bytes;
}

#define PLACE(type, member) static_cast<std::uint16_t>(offsetof(type, member)), sizeof(type::member)
#define NUMBER(type, member) \
  Field { #member, PLACE(type, member) }
#define KIND(type, member, kind) \
  Field { #member, PLACE(type, member), kind }
#define NAME(type, member, names) \
  Field { #member, PLACE(type, member), kName, &(names) }

// The three parts of a handle at `offset`.
constexpr std::array<Field, 3> Handle(std::size_t offset) {
  const auto at = [&](std::size_t place) { return static_cast<std::uint16_t>(offset + place); };
  return {
      Field{"shard", at(offsetof(WireHandle, shard)), sizeof(WireHandle::shard)},
      Field{"slot", at(offsetof(WireHandle, slot)), sizeof(WireHandle::slot)},
      Field{"generation", at(offsetof(WireHandle, generation)), sizeof(WireHandle::generation)}};
}

// clang-format off
constexpr std::array kClearHeader = {
    KIND(ClearHeader, magic, kHex), NUMBER(ClearHeader, version),
    KIND(ClearHeader, kind_phase, kHex), NUMBER(ClearHeader, stream), NUMBER(ClearHeader, epoch),
    NUMBER(ClearHeader, packet_number)};
static_assert(Fill(kClearHeader, sizeof(ClearHeader)));

constexpr std::array kFrameHeader = {
    NUMBER(FrameHeader, term), KIND(FrameHeader, flags, kHex), NUMBER(FrameHeader, frame_number),
    NUMBER(FrameHeader, oldest_back), NUMBER(FrameHeader, send_time_us), NUMBER(FrameHeader, ack),
    NUMBER(FrameHeader, credit), NAME(FrameHeader, role, kRoles),
    NAME(FrameHeader, readiness, kReadiness)};
static_assert(Fill(kFrameHeader, sizeof(FrameHeader)));

constexpr std::array kSectionHeader = {
    NAME(SectionHeader, table, kTables), NUMBER(SectionHeader, op), NUMBER(SectionHeader, schema),
    NUMBER(SectionHeader, record_bytes), NUMBER(SectionHeader, count), NUMBER(SectionHeader, term),
    NUMBER(SectionHeader, counter)};
static_assert(Fill(kSectionHeader, sizeof(SectionHeader)));

constexpr std::array kHello = {
    NUMBER(HelloBody, version_min), NUMBER(HelloBody, version_max), NUMBER(HelloBody, node),
    NUMBER(HelloBody, stream_count), KIND(HelloBody, boot_id, kHex), KIND(HelloBody, nonce, kBytes),
    KIND(HelloBody, share, kBytes), KIND(HelloBody, echo_nonce, kBytes), NUMBER(HelloBody, term),
    NAME(HelloBody, role, kRoles), NUMBER(HelloBody, datagram_bytes_max),
    NUMBER(HelloBody, table_count), KIND(HelloBody, id_map_digest, kHex),
    KIND(HelloBody, tables, kBytes)};
static_assert(Fill(kHello, sizeof(HelloBody)));

constexpr auto kInsertV4 = Join(Handle(offsetof(SessionInsertV4, handle)), std::array{
    KIND(SessionInsertV4, client_addr, kAddress), KIND(SessionInsertV4, server_addr, kAddress),
    NUMBER(SessionInsertV4, client_port), NUMBER(SessionInsertV4, server_port),
    NAME(SessionInsertV4, state, kSessionStates), NUMBER(SessionInsertV4, client_edge),
    NUMBER(SessionInsertV4, server_edge), KIND(SessionInsertV4, scales, kHex),
    NUMBER(SessionInsertV4, rule)});
static_assert(offsetof(SessionInsertV4Nat, base) == 0);
constexpr auto kInsertV4Nat = Join(kInsertV4, std::array{
    NUMBER(SessionInsertV4Nat, nat_index), NUMBER(SessionInsertV4Nat, nat_port)});
constexpr auto kUpdate = Join(Handle(offsetof(SessionUpdate, handle)), std::array{
    NAME(SessionUpdate, state, kSessionStates), NUMBER(SessionUpdate, client_edge),
    NUMBER(SessionUpdate, server_edge)});
constexpr std::array kDelete = {NUMBER(SessionDelete, shard), NUMBER(SessionDelete, slot)};
static_assert(offsetof(SessionDeleteV4, base) == 0);
constexpr auto kDeleteV4 = Join(kDelete, std::array{
    KIND(SessionDeleteV4, client_addr, kAddress), KIND(SessionDeleteV4, server_addr, kAddress),
    NUMBER(SessionDeleteV4, client_port), NUMBER(SessionDeleteV4, server_port),
    NUMBER(SessionDeleteV4, protocol), KIND(SessionDeleteV4, upto, kHex)});

constexpr std::array kNack = {NUMBER(NackRecord, first), NUMBER(NackRecord, count)};
constexpr std::array kRepaired = {
    NUMBER(RepairedRecord, frame), NUMBER(RepairedRecord, first_back)};
constexpr std::array kLost = {NUMBER(LostRecord, first), NUMBER(LostRecord, last)};
constexpr auto kWant =
    Join(std::array{NAME(WantRecord, table, kTables)}, Handle(offsetof(WantRecord, handle)));
constexpr std::array kBulkRequest = {
    NUMBER(BulkRequestRecord, bulk_id), NAME(BulkRequestRecord, table, kTables),
    KIND(BulkRequestRecord, shards, kBytes)};
constexpr std::array kBulkState = {
    NUMBER(BulkStateRecord, bulk_id), NAME(BulkStateRecord, phase, kBulkPhases),
    NUMBER(BulkStateRecord, complete), NUMBER(BulkStateRecord, cut_term),
    NUMBER(BulkStateRecord, cut_counter), NUMBER(BulkStateRecord, end_frame),
    NUMBER(BulkStateRecord, entry_count), NUMBER(BulkStateRecord, sent_count)};
constexpr std::array kBulkDone = {
    NUMBER(BulkDoneRecord, bulk_id), NAME(BulkDoneRecord, result, kBulkResults),
    NUMBER(BulkDoneRecord, swept_count)};
constexpr std::array kDigest = {
    NAME(DigestRecord, table, kTables), NUMBER(DigestRecord, shard), NUMBER(DigestRecord, count),
    NUMBER(DigestRecord, as_of), KIND(DigestRecord, sum_high, kHex),
    KIND(DigestRecord, sum_low, kHex)};
constexpr auto kRefused = Join(std::array{NAME(RefusedRecord, table, kTables)},
    Handle(offsetof(RefusedRecord, handle)), std::array{NAME(RefusedRecord, reason, kRefusals)});
constexpr std::array kDigestReport = {
    NUMBER(DigestReportRecord, as_of), NUMBER(DigestReportRecord, agreed),
    NUMBER(DigestReportRecord, differed), NUMBER(DigestReportRecord, undecided),
    NUMBER(DigestReportRecord, refused_count), NUMBER(DigestReportRecord, epoch)};
constexpr std::array kHold = {NAME(HoldRecord, table, kTables), NUMBER(HoldRecord, shard)};
constexpr std::array kProbe = {NUMBER(ProbeRecord, zero)};
constexpr std::array kProbeAck = {NUMBER(ProbeAckRecord, datagram_bytes)};
constexpr std::array kLiveness = {
    NAME(LivenessRecord, table, kTables), NUMBER(LivenessRecord, shard),
    NUMBER(LivenessRecord, first_slot), KIND(LivenessRecord, bitmap, kBytes)};
constexpr auto kScrub = Join(std::array{NAME(ScrubRecord, table, kTables)},
    Handle(offsetof(ScrubRecord, handle)), std::array{
    KIND(ScrubRecord, version, kHex), KIND(ScrubRecord, value_hash, kHex)});
// clang-format on

template <typename Struct, typename Operation, std::size_t Count>
constexpr Record Of(TableId table, Operation op, std::uint8_t schema, const char* name,
                    const std::array<Field, Count>& fields) {
  return {static_cast<std::uint8_t>(table),
          static_cast<std::uint8_t>(op),
          schema,
          name,
          sizeof(Struct),
          fields};
}

// clang-format off
#define CONTROL(Struct, op, name, fields) \
  Of<Struct>(TableId::kControl, ControlOp::op, kControlSchema, name, fields)
constexpr std::array kRecords = {
    Of<SessionInsertV4>   (TableId::kSession, Op::kInsert, kSessionInsertV4, "session_insert_v4", kInsertV4),
    Of<SessionInsertV4Nat>(TableId::kSession, Op::kInsert, kSessionInsertV4Nat, "session_insert_v4_nat", kInsertV4Nat),
    Of<SessionUpdate>     (TableId::kSession, Op::kUpdate, kSessionUpdate, "session_update", kUpdate),
    Of<SessionDelete>     (TableId::kSession, Op::kDelete, kSessionDelete, "session_delete", kDelete),
    Of<SessionDeleteV4>   (TableId::kSession, Op::kDelete, kSessionDeleteV4, "session_delete_v4", kDeleteV4),
    CONTROL(NackRecord, kNack, "nack", kNack),
    CONTROL(RepairedRecord, kRepaired, "repaired", kRepaired),
    CONTROL(LostRecord, kLost, "lost", kLost),
    CONTROL(WantRecord, kWant, "want", kWant),
    CONTROL(BulkRequestRecord, kBulkRequest, "bulk_request", kBulkRequest),
    CONTROL(BulkStateRecord, kBulkState, "bulk_state", kBulkState),
    CONTROL(BulkDoneRecord, kBulkDone, "bulk_done", kBulkDone),
    CONTROL(DigestRecord, kDigest, "digest", kDigest),
    CONTROL(RefusedRecord, kRefused, "refused", kRefused),
    CONTROL(DigestReportRecord, kDigestReport, "digest_report", kDigestReport),
    CONTROL(HoldRecord, kHold, "hold", kHold),
    CONTROL(ProbeRecord, kProbe, "probe", kProbe),
    CONTROL(ProbeAckRecord, kProbeAck, "probe_ack", kProbeAck),
    CONTROL(LivenessRecord, kLiveness, "liveness", kLiveness),
    CONTROL(ScrubRecord, kScrub, "scrub", kScrub),
};
// clang-format on

static_assert(
    [] {
      for (const Record& record : kRecords) {
        std::size_t next = 0;
        for (const Field& field : record.fields) {
          if (field.offset != next) return false;
          next += field.bytes;
        }
        if (next != record.bytes) return false;
      }
      return true;
    }(),
    "the fields of every record lie side by side and fill it");

static_assert(
    [] {
      for (const KnownRecord& known : kKnownRecords) {
        bool found = false;
        for (const Record& record : kRecords) {
          found = found || (record.table == known.table && record.op == known.op &&
                            record.schema == known.schema && record.bytes == known.bytes);
        }
        if (!found) return false;
      }
      return kRecords.size() == kKnownRecords.size();
    }(),
    "the records are those that the engine knows");

}  // namespace

std::span<const Field> ClearHeaderFields() { return kClearHeader; }
std::span<const Field> FrameHeaderFields() { return kFrameHeader; }
std::span<const Field> SectionHeaderFields() { return kSectionHeader; }
std::span<const Field> HelloFields() { return kHello; }
std::span<const Record> Records() { return kRecords; }

const Record* FindRecord(std::uint8_t table, std::uint8_t op, std::uint8_t schema) {
  for (const Record& record : kRecords) {
    if (record.table == table && record.op == op && record.schema == schema) return &record;
  }
  return nullptr;
}

const Enumeration& OpsOf(std::uint8_t table) {
  return table == static_cast<std::uint8_t>(TableId::kControl) ? kControlOps : kOps;
}

std::uint64_t NumberOf(const Field& field, const std::byte* record) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < field.bytes && i < 8; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(record[field.offset + i]);
  }
  return value;
}

}  // namespace wiredump
