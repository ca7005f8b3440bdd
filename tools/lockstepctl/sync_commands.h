// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// `config difference`, `config sync …` and `explain sync`.

#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"
#include "tools/lockstepctl/request.h"

namespace lockstepctl {

// `request.socket` is the admin socket. Returns the exit status. Errors: one sentence.
absl::StatusOr<int> RunSync(const Request& request);

// The edits of `config sync category WORD [SWITCH]`, one for each category that is switched (F14).
// Errors: kInvalidArgument with the categories there are.
[[nodiscard]] absl::StatusOr<lockstep::admin::EditRequest> CategoryEdits(
    std::span<const std::string> categories, const std::string& word,
    const std::string& switch_word);

}  // namespace lockstepctl
