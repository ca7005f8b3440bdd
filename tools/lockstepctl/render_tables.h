// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Replication of each table as text for people: a line per table, and how fast changes arrive.

#pragma once

#include <string>

#include "proto/control.pb.h"

namespace lockstepctl {

using TableReplications = google::protobuf::RepeatedPtrField<lockstep::control::TableReplication>;

// "bulk 40 %", "at-risk(exposure)", "synced".
std::string ReadinessText(const std::string& readiness, const std::string& reason);

// A line per table; empty without tables.
std::string TablesText(const TableReplications& tables);

// A line per table in which a shard was found damaged: how often, the latest, when it was repaired;
// empty if there was none.
std::string MismatchesText(const TableReplications& tables);

// Bars of change → applied on the peer, with the median and the slowest percent of each table;
// empty if nothing was confirmed yet.
std::string ConfirmedText(const TableReplications& tables);

// "1000 of 4000, 25 %, 3.0 s to go", or "-" if nothing runs.
std::string BulkText(const lockstep::control::Peer& peer);

}  // namespace lockstepctl
