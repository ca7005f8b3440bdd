// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What replication says of each table, as operators see it.
//
// Threads: values only.  Memory: what is returned.

#pragma once

#include "proto/control.pb.h"
#include "statesync/engine_status.h"

namespace dataplane {

// Appends one message per table of `status`.
void FillTables(const statesync::EngineStatus& status,
                google::protobuf::RepeatedPtrField<lockstep::control::TableReplication>& out);

}  // namespace dataplane
