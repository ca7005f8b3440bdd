// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/pair/direction.h"

#include <algorithm>
#include <array>
#include <optional>

namespace configsync {
namespace {

using enum HaRole;

struct Row {
  HaRole own;
  std::optional<HaRole> peers;     // Absent: any.
  std::optional<SourceIs> source;  // Absent: any.
  PushRight right;
};

// The first row that fits.
constexpr std::array<Row, 7> kRows{{
    {kActive, kActive, std::nullopt, PushRight::kSyncDirection},
    {kActive, std::nullopt, SourceIs::kThisRemote, PushRight::kLoop},
    {kActive, std::nullopt, std::nullopt, PushRight::kYes},
    {kStandby, std::nullopt, std::nullopt, PushRight::kSyncDirection},
    {kUnknown, kActive, std::nullopt, PushRight::kSyncDirection},
    {kUnknown, std::nullopt, SourceIs::kThisRemote, PushRight::kLoop},
    {kUnknown, std::nullopt, std::nullopt, PushRight::kYes},
}};

}  // namespace

std::uint32_t BelievedTerm(std::uint32_t stated, HaRole own, std::uint32_t own_term) {
  return own == kUnknown ? stated : std::min(stated, own_term);
}

SourceIs RelationOf(const SourceRecord& source, const DeviceId& remote, std::uint32_t own_term) {
  if (source.device.empty() || source.term < own_term) return SourceIs::kNone;
  return source.device == remote ? SourceIs::kThisRemote : SourceIs::kAnother;
}

PushRight RightToPush(HaRole own, HaRole peers, SourceIs source) {
  for (const Row& row : kRows) {
    if (row.own == own && row.peers.value_or(peers) == peers &&
        row.source.value_or(source) == source) {
      return row.right;
    }
  }
  return PushRight::kSyncDirection;  // No role that this version knows.
}

}  // namespace configsync
