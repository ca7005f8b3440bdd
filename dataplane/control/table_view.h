// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What replication says of each table, as operators see it.
//
// Threads: values only.  Memory: what is returned.

#pragma once

#include <cstdint>

#include "proto/control.pb.h"
#include "statesync/engine_status.h"

namespace dataplane {

// Appends one message per table of `status`. now_ns: CLOCK_MONOTONIC, as the status' times.
void FillTables(const statesync::EngineStatus& status, std::int64_t now_ns,
                google::protobuf::RepeatedPtrField<lockstep::control::TableReplication>& out);

}  // namespace dataplane
