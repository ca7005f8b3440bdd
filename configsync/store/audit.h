// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The chain of the audit.
//
// Threads: functions only.

#pragma once

#include "configsync/store/records.h"
#include "configsync/tree/hash.h"

namespace configsync {

// SHA-256 over every field of the record but its own hash; each field with its length, so that no
// two records have the same bytes.
[[nodiscard]] Hash AuditHash(const AuditRecord& record);

// Fills in what makes `record` the next one of the chain.
void ChainAudit(std::uint64_t last_sequence, const Hash& last_hash, AuditRecord& record);

}  // namespace configsync
