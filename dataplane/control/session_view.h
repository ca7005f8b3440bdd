// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The session table as operators see it: filtered pages, a count, and the canonical dump.
//
// Every entry is read as a snapshot under its sequence word, so no writer waits. An entry that
// changes while it is read, on every try, is left out: at a quiet moment none is.
//
// Threads: any, several at a time.  Memory: what is returned.

#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/config/address.h"
#include "proto/control.pb.h"
#include "statesync/table/session_table.h"

namespace dataplane {

inline constexpr std::uint32_t kSessionsPerPage = 100;
inline constexpr std::uint32_t kSessionsPerPageMax = 10'000;
inline constexpr int kDumpLinesPerChunk = 500;

// Walks a table in (shard, slot) order and can be resumed.
struct TableCursor {
  std::uint32_t shard = 0;  // kShardCount: at the end.
  std::uint32_t slot = 0;
  [[nodiscard]] bool is_at_end() const { return shard >= statesync::kShardCount; }
};

// What a request asks for, checked.
struct SessionFilter {
  PrefixOptions client;  // Length 0: any.
  PrefixOptions server;
  std::uint8_t protocol = 0;      // 0: any.
  std::uint16_t server_port = 0;  // Host order; 0: any.
  std::string state;              // Empty: any.
};

// Errors: kInvalidArgument (field, value, what is possible).
absl::StatusOr<SessionFilter> ReadFilter(const lockstep::control::ListSessionsRequest& request);

// One page, or the count of all.
//   now_s  the node's monotonic second, for idle times
// Cost: reads slots until the page is full; the whole table for a count or a rare match.
// Errors: kInvalidArgument (field, value, limit).
absl::StatusOr<lockstep::control::ListSessionsResponse> ListSessions(
    const statesync::SessionTable& table, const lockstep::control::ListSessionsRequest& request,
    std::uint32_t now_s);

// The next lines of the dump, at most kDumpLinesPerChunk; looks at a bounded number of slots, so a
// chunk may be short or empty before the end.
//
// A line holds what replicates, as published, and nothing that differs between two nodes whose
// tables agree: window edges move without publication, idle times and slots are a node's own.
//   session tcp 10.1.0.10:40000 10.2.0.10:80 nat 203.0.113.1:5000 state established rule 3
//   version 9.12345
void DumpSessions(const statesync::SessionTable& table, TableCursor& cursor,
                  lockstep::control::DumpTablesResponse& chunk);

// An entry that replicates, and its line of the dump.
struct FoundEntry {
  statesync::Handle handle;
  std::string line;
};

// The entry whose line has `key` ("tcp CLIENT SERVER") behind the table's name; with an empty key
// the first one that was published.
// Cost: a look at every slot in front of it.
// Errors: kNotFound.
absl::StatusOr<FoundEntry> FindEntry(const statesync::SessionTable& table, const std::string& key);

}  // namespace dataplane
