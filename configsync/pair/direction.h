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
[[nodiscard]] SourceIs RelationOf(const SourceRecord& source, const DeviceId& remote,
                                  std::uint32_t own_term);

[[nodiscard]] PushRight RightToPush(HaRole own, HaRole peers, SourceIs source);

}  // namespace configsync
