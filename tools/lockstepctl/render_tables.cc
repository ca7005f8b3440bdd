// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/render_tables.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/lockstepctl/columns.h"

namespace lockstepctl {
namespace {

using lockstep::control::ConfirmedWithin;
using lockstep::control::TableReplication;

constexpr std::uint64_t kBarWidth = 40;

std::string RefusedText(const TableReplication& table) {
  std::string text;
  for (const lockstep::control::Refusals& refused : table.refused()) {
    absl::StrAppend(&text, text.empty() ? "" : ",", refused.reason(), "=", refused.entries());
  }
  return text;
}

std::string BoundText(const ConfirmedWithin& bucket) {
  if (!bucket.has_at_most_us()) return "more";
  const std::uint64_t us = bucket.at_most_us();
  if (us < 1'000) return absl::StrCat(us, " us");
  if (us < 1'000'000) return absl::StrFormat("%.1f ms", static_cast<double>(us) / 1e3);
  return absl::StrFormat("%.1f s", static_cast<double>(us) / 1e6);
}

// Bound of the bucket in which the change with this many percent before it lies.
std::string PercentileText(const TableReplication& table, std::uint64_t total,
                           std::uint64_t percent) {
  std::uint64_t seen = 0;
  for (const ConfirmedWithin& bucket : table.confirmed()) {
    seen += bucket.changes();
    if (seen * 100 >= total * percent) return BoundText(bucket);
  }
  return "-";
}

std::string BarOf(std::uint64_t changes, std::uint64_t highest) {
  if (changes == 0) return "";
  return std::string(std::max<std::uint64_t>(1, changes * kBarWidth / highest), '#');
}

}  // namespace

std::string ReadinessText(const std::string& readiness, const std::string& reason) {
  return reason.empty() ? readiness : absl::StrCat(readiness, "(", reason, ")");
}

std::string TablesText(const TableReplications& tables) {
  if (tables.empty()) return "";
  Columns columns({"TABLE", "LIVE", "READINESS", "EXPOSURE_CHANGES", "EXPOSURE_AGE_US",
                   "SHARDS_AGREED", "DIFFERED", "UNDECIDED", "REFUSED"});
  for (const TableReplication& table : tables) {
    columns.Add({table.table(), absl::StrCat(table.live()),
                 ReadinessText(table.readiness(), table.reason()),
                 absl::StrCat(table.exposure_changes()), absl::StrCat(table.exposure_age_us()),
                 absl::StrCat(table.shards_agreed()), absl::StrCat(table.shards_differed()),
                 absl::StrCat(table.shards_undecided()), RefusedText(table)});
  }
  return columns.Text();
}

std::string MismatchesText(const TableReplications& tables) {
  Columns columns({"TABLE", "MISMATCHES", "OPEN", "LAST_SHARD", "FOUND_BY", "FOUND_MS_AGO",
                   "REPAIRED_AFTER_US"});
  bool has_any = false;
  for (const TableReplication& table : tables) {
    const lockstep::control::Mismatches& mismatches = table.mismatches();
    if (mismatches.found() == 0) continue;
    has_any = true;
    columns.Add(
        {table.table(), absl::StrCat(mismatches.found()), absl::StrCat(mismatches.open()),
         absl::StrCat(mismatches.shard()), mismatches.found_by(),
         absl::StrCat(mismatches.found_ms_ago()),
         mismatches.has_repaired_after_us() ? absl::StrCat(mismatches.repaired_after_us()) : ""});
  }
  return has_any ? columns.Text() : "";
}

std::string ConfirmedText(const TableReplications& tables) {
  std::string text;
  for (const TableReplication& table : tables) {
    std::uint64_t total = 0;
    std::uint64_t highest = 0;
    for (const ConfirmedWithin& bucket : table.confirmed()) {
      total += bucket.changes();
      highest = std::max(highest, bucket.changes());
    }
    if (total == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : "\n", table.table(), ": ", total,
                    " changes applied on the peer, half within ", PercentileText(table, total, 50),
                    ", 99 % within ", PercentileText(table, total, 99), "\n");
    Columns columns({"WITHIN", "CHANGES", "SHARE"});
    for (const ConfirmedWithin& bucket : table.confirmed()) {
      columns.Add(
          {BoundText(bucket), absl::StrCat(bucket.changes()), BarOf(bucket.changes(), highest)});
    }
    text += columns.Text();
  }
  return text;
}

std::string BulkText(const lockstep::control::Peer& peer) {
  if (peer.bulk_total() == 0) return "-";
  const std::uint64_t done = std::min(peer.bulk_done(), peer.bulk_total());
  std::string text = absl::StrCat(peer.bulk_done(), " of ", peer.bulk_total(), ", ",
                                  done * 100 / peer.bulk_total(), " %");
  if (peer.bulk_eta_ms() != 0) {
    absl::StrAppendFormat(&text, ", %.1f s to go", static_cast<double>(peer.bulk_eta_ms()) / 1e3);
  }
  return text;
}

}  // namespace lockstepctl
