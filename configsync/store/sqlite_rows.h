// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// How values stand in rows of the database.
//
// Threads: functions only.

#pragma once

#include <string>

#include "configsync/store/database.h"
#include "configsync/store/records.h"
#include "configsync/tree/hash.h"

namespace configsync {

// Of a blob; shorter ones are filled up with zeros, so that they equal no hash.
[[nodiscard]] Hash HashOf(const std::string& bytes);

// Audit records, in the form that AuditRecordOf() reads; what follows says which, and in what
// order.
inline constexpr char kSelectAudit[] =
    "SELECT sequence, wall_ms, user_id, name, action, detail, outcome, previous, hash FROM audit ";
[[nodiscard]] AuditRecord AuditRecordOf(Statement& row);

}  // namespace configsync
