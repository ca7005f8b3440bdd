// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Bytes that each record known here needs: the one list of (table, operation, schema) of this
// version.
//
// Threads: constants only.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "statesync/types.h"
#include "statesync/wire/schema.h"

namespace statesync {

inline constexpr std::uint8_t kControlSchema = 1;

struct KnownRecord {
  std::uint8_t table;
  std::uint8_t op;
  std::uint8_t schema;
  std::uint8_t bytes;
};

template <typename Record, typename Operation>
constexpr KnownRecord Known(TableId table, Operation op, std::uint8_t schema) {
  static_assert(sizeof(Record) <= 255 && alignof(Record) == 1);
  return {static_cast<std::uint8_t>(table), static_cast<std::uint8_t>(op), schema, sizeof(Record)};
}

// clang-format off
inline constexpr std::array kKnownRecords = {
    Known<SessionUpdate>      (TableId::kSession, Op::kUpdate, kSessionUpdate),
    Known<SessionInsertV4>    (TableId::kSession, Op::kInsert, kSessionInsertV4),
    Known<SessionInsertV4Nat> (TableId::kSession, Op::kInsert, kSessionInsertV4Nat),
    Known<SessionDelete>      (TableId::kSession, Op::kDelete, kSessionDelete),
    Known<SessionDeleteV4>    (TableId::kSession, Op::kDelete, kSessionDeleteV4),
    Known<NackRecord>         (TableId::kControl, ControlOp::kNack, kControlSchema),
    Known<RepairedRecord>     (TableId::kControl, ControlOp::kRepaired, kControlSchema),
    Known<LostRecord>         (TableId::kControl, ControlOp::kLost, kControlSchema),
    Known<WantRecord>         (TableId::kControl, ControlOp::kWant, kControlSchema),
    Known<BulkRequestRecord>  (TableId::kControl, ControlOp::kBulkRequest, kControlSchema),
    Known<BulkStateRecord>    (TableId::kControl, ControlOp::kBulkState, kControlSchema),
    Known<BulkDoneRecord>     (TableId::kControl, ControlOp::kBulkDone, kControlSchema),
    Known<DigestRecord>       (TableId::kControl, ControlOp::kDigest, kControlSchema),
    Known<RefusedRecord>      (TableId::kControl, ControlOp::kRefused, kControlSchema),
    Known<DigestReportRecord> (TableId::kControl, ControlOp::kDigestReport, kControlSchema),
    Known<HoldRecord>         (TableId::kControl, ControlOp::kHold, kControlSchema),
    Known<ProbeRecord>        (TableId::kControl, ControlOp::kProbe, kControlSchema),
    Known<ProbeAckRecord>     (TableId::kControl, ControlOp::kProbeAck, kControlSchema),
    Known<LivenessRecord>     (TableId::kControl, ControlOp::kLiveness, kControlSchema),
    Known<ScrubRecord>        (TableId::kControl, ControlOp::kScrub, kControlSchema),
};
// clang-format on

// Bytes that a record needs at least; 0 if the combination is unknown here.
constexpr std::size_t KnownRecordBytes(std::uint8_t table, std::uint8_t op, std::uint8_t schema) {
  for (const KnownRecord& known : kKnownRecords) {
    if (known.table == table && known.op == op && known.schema == schema) return known.bytes;
  }
  return 0;
}
constexpr std::size_t KnownRecordBytes(TableId table, Op op, std::uint8_t schema) {
  return KnownRecordBytes(static_cast<std::uint8_t>(table), static_cast<std::uint8_t>(op), schema);
}
constexpr std::size_t KnownRecordBytes(ControlOp op) {
  return KnownRecordBytes(static_cast<std::uint8_t>(TableId::kControl),
                          static_cast<std::uint8_t>(op), kControlSchema);
}
static_assert(KnownRecordBytes(TableId::kSession, Op::kInsert, kSessionInsertV4Nat) == 29);

// A frame of the smallest datagram carries any record there is, with its section.
static_assert(std::ranges::all_of(kKnownRecords, [](const KnownRecord& known) {
  return kFrameOverheadBytes + sizeof(SectionHeader) + known.bytes <= kDatagramBytesMin;
}));

}  // namespace statesync
