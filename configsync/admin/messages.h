// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The engine's values as messages of admin.proto.
//
// Threads: values only.

#pragma once

#include <google/protobuf/repeated_field.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "configsync/admin/schema_text.h"
#include "configsync/engine/engine.h"
#include "proto/admin.pb.h"

namespace configsync {

// "candidate", "running", "startup" or a revision's number. Errors: kInvalidArgument with the
// choices.
[[nodiscard]] absl::StatusOr<ViewName> ReadView(std::string_view name);

// Bounds of a list of words, before anything looks into it.
using Words = google::protobuf::RepeatedPtrField<std::string>;
[[nodiscard]] absl::Status CheckWords(const Words& words);

// "2026-11-21T20:14:09Z".
[[nodiscard]] std::string TimeText(std::int64_t wall_ms);

void Fill(const Problems& problems, lockstep::admin::Problems& message);
void Fill(const FollowStatus& follow, lockstep::admin::Follow& message);
void Fill(const RevisionInfo& revision, lockstep::admin::Revision& message);
void Fill(const AuditRecord& record, lockstep::admin::AuditRecord& message);
void Fill(const Change& change, const SchemaText& text, lockstep::admin::Difference& message);

// What an answer lists: differences up to kDifferencesMax and kDifferencesBytesMax; a value beyond
// kDifferenceBytesMax is cut and says so. An answer must reach who made the commit, whatever was
// committed. Returns how many were left out.
inline constexpr std::size_t kDifferencesMax = 10'000;
inline constexpr std::size_t kDifferencesBytesMax = 16 << 20;
inline constexpr std::size_t kDifferenceBytesMax = 256 << 10;
using Differences = google::protobuf::RepeatedPtrField<lockstep::admin::Difference>;
// A value of kDifferenceBytesMax at most, cut at a line's end.
[[nodiscard]] std::string CutValue(std::string value);
// `share`: of how many lists that an answer has room for this is one.
std::size_t Fill(std::span<const Change> changes, const SchemaText& text, Differences& message,
                 std::size_t share = 1);
// Remotes' differences have the room once more, together.
void Fill(const CommitOutcome& outcome, const SchemaText& text,
          lockstep::admin::CommitResponse& message);

}  // namespace configsync
