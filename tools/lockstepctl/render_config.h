// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstep-configd says, for people.
//
// Threads: values only.

#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>

#include "proto/admin.pb.h"

namespace lockstepctl {

// Colours of differences. Plain: in pipes and files.
enum class Paint : bool { kPlain, kColours };
// Colours if standard output is a terminal that has them and NO_COLOR is not set.
[[nodiscard]] Paint PaintOfStdout();

// All problems, numbered, each with path, value, problem and remedy, aligned. `outcome`: what has
// come of it.
[[nodiscard]] std::string ProblemsText(const lockstep::admin::Problems& problems,
                                       std::string_view outcome = "nothing has changed");

using Differences = google::protobuf::RepeatedPtrField<lockstep::admin::Difference>;
// One line each: + added, - removed, ~ modified, > moved; what a subtree holds comes indented.
[[nodiscard]] std::string DifferencesText(const Differences& differences, std::uint64_t omitted,
                                          Paint paint);

// Differences, services, sessions, warnings; then what happened. `check_only`: what would.
[[nodiscard]] std::string CommitText(const lockstep::admin::CommitResponse& response,
                                     bool check_only, Paint paint);

[[nodiscard]] std::string ConfigStatusText(const lockstep::admin::ConfigStatus& status,
                                           Paint paint);
[[nodiscard]] std::string HaEditText(const lockstep::admin::ConfigStatus& status);
[[nodiscard]] std::string HistoryText(const lockstep::admin::GetHistoryResponse& history);
[[nodiscard]] std::string AuditText(const lockstep::admin::GetAuditResponse& audit);
[[nodiscard]] std::string VerifyText(const lockstep::admin::VerifyStoreResponse& report);
[[nodiscard]] std::string CompletionsText(const lockstep::admin::CompleteResponse& response);

}  // namespace lockstepctl
