// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Values of pair/ as messages of admin.proto.
//
// Threads: values only.

#pragma once

#include "configsync/admin/messages.h"
#include "configsync/pair/pair_sync.h"

namespace configsync {

void Fill(const Reason& reason, lockstep::admin::ReasonText& message);
void Fill(const RemoteStatus& remote, lockstep::admin::RemoteStatus& message);
void Fill(const SyncStatus& status, lockstep::admin::SyncStatus& message);
void Fill(const Explanation& explanation, lockstep::admin::ExplainResponse& message);
// Differences and conflicts up to the bounds of messages.h, each.
void Fill(const ManualOutcome& outcome, const SchemaText& text,
          lockstep::admin::ManualResponse& message);

}  // namespace configsync
