// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/table_view.h"

#include <algorithm>
#include <string>

#include "dataplane/control/names.h"

namespace dataplane {
namespace {

using statesync::ExposureHistogram;
using statesync::TableStatus;

std::uint64_t MicrosecondsOf(statesync::Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.ns)) / 1'000;
}

// From the first bucket that counts to the last one, so that a reader sees the empty ones between.
void FillHistogram(const ExposureHistogram& histogram, lockstep::control::TableReplication& out) {
  std::size_t first = 0;
  std::size_t end = ExposureHistogram::kBuckets;
  while (first < end && histogram.count(first) == 0) ++first;
  while (end > first && histogram.count(end - 1) == 0) --end;
  for (std::size_t i = first; i < end; ++i) {
    lockstep::control::ConfirmedWithin& bucket = *out.add_confirmed();
    if (i + 1 < ExposureHistogram::kBuckets) {
      bucket.set_at_most_us(MicrosecondsOf(ExposureHistogram::BoundOf(i)));
    }
    bucket.set_changes(histogram.count(i));
  }
}

void FillMismatches(const statesync::ShardMismatches& mismatches, std::int64_t now_ns,
                    lockstep::control::Mismatches& out) {
  out.set_found(mismatches.found);
  out.set_open(mismatches.open);
  if (mismatches.found == 0) return;
  out.set_shard(mismatches.shard);
  out.set_found_by(std::string(NameOf(mismatches.kind)));
  out.set_found_ms_ago(MicrosecondsOf({now_ns - mismatches.found_at.ns}) / 1'000);
  if (mismatches.is_repaired) {
    out.set_repaired_after_us(MicrosecondsOf(mismatches.repaired_at - mismatches.found_at));
  }
}

}  // namespace

void FillTables(const statesync::EngineStatus& status, std::int64_t now_ns,
                google::protobuf::RepeatedPtrField<lockstep::control::TableReplication>& out) {
  const std::size_t count = std::min(status.table_count, status.tables.size());
  for (std::size_t i = 0; i < count; ++i) {
    const TableStatus& table = status.tables[i];
    lockstep::control::TableReplication& target = *out.Add();
    target.set_table(std::string(NameOf(table.table)));
    target.set_live(table.live);
    target.set_readiness(std::string(NameOf(table.readiness)));
    target.set_reason(std::string(NameOf(table.reason)));  // A warning has one, too.
    target.set_exposure_changes(table.exposure.changes);
    target.set_exposure_age_us(MicrosecondsOf(table.exposure.age));
    FillHistogram(table.confirmed, target);
    target.set_shards_agreed(table.shards_agreed);
    target.set_shards_differed(table.shards_differed);
    target.set_shards_undecided(table.shards_undecided);
    for (std::size_t reason = 1; reason < table.refused.size(); ++reason) {
      if (table.refused[reason] == 0) continue;
      lockstep::control::Refusals& refused = *target.add_refused();
      refused.set_reason(std::string(NameOf(static_cast<statesync::RefusalReason>(reason))));
      refused.set_entries(table.refused[reason]);
    }
    FillMismatches(table.mismatches, now_ns, *target.mutable_mismatches());
  }
}

}  // namespace dataplane
