// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who may push to whom (F3, F4, F6): the table of PAIR.md.
//
// Threads: functions only.

#pragma once

#include <cstdint>
#include <string>

#include "configsync/pair/messages.h"
#include "configsync/pair/records.h"

namespace configsync {

enum class PushRight : std::uint8_t { kYes, kSyncDirection, kLoop };

// What the node's stored source is to a remote.
enum class SourceIs : std::uint8_t {
  kNone,        // Or of an older term.
  kAnother,     // Another device.
  kThisRemote,  // Of the present term.
};
// Terms of the dataplane have 24 bits (ROLES.md): more is none.
inline constexpr std::uint32_t kPushTermMax = (1U << 24) - 1;
// As far as a stated term is believed: up to what the own dataplane knows, if there is one. A term
// grows by elections alone, so one that nobody was elected with could never be passed again.
[[nodiscard]] std::uint32_t BelievedTerm(std::uint32_t stated, HaRole own, std::uint32_t own_term);

[[nodiscard]] SourceIs RelationOf(const SourceRecord& source, const DeviceId& remote,
                                  std::uint32_t own_term);

[[nodiscard]] PushRight RightToPush(HaRole own, HaRole peers, SourceIs source);

}  // namespace configsync
