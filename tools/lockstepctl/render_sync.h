// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What lockstep-configd says of other nodes, for people.
//
// Threads: values only.

#pragma once

#include <string>

#include "proto/admin.pb.h"
#include "tools/lockstepctl/render_config.h"

namespace lockstepctl {

// Remotes with both hashes, then reasons with their remedies.
[[nodiscard]] std::string SyncStatusText(const lockstep::admin::SyncStatus& status, Paint paint);
// "in-sync: 0123456789ab here = 0123456789ab there; …": one line of `config status`.
[[nodiscard]] std::string RemoteLine(const lockstep::admin::RemoteStatus& remote);
// "error PEER_API_DOWN: fw-b: evidence; remedy".
[[nodiscard]] std::string ReasonLine(const lockstep::admin::ReasonText& reason);
// A line that begins with severity and code: these in a colour, of errors and warnings.
[[nodiscard]] std::string Coloured(const std::string& severity, const std::string& line,
                                   Paint paint);

[[nodiscard]] std::string DifferenceText(const lockstep::admin::DifferenceResponse& response,
                                         Paint paint);
[[nodiscard]] std::string ExplainText(const lockstep::admin::ExplainResponse& response);

// What changes, or would, on both nodes, numbers and conflicts; or that there is nothing to push.
[[nodiscard]] std::string ManualText(const lockstep::admin::ManualResponse& response, Paint paint);
// What was done, and the way back; or the same.
[[nodiscard]] std::string ManualDoneText(const lockstep::admin::ManualResponse& response);
// All problems, and what has come of it: nothing, or nobody here knows what the remote did.
[[nodiscard]] std::string ManualProblemsText(const lockstep::admin::ManualResponse& response);

}  // namespace lockstepctl
