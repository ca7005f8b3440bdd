// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Lines of set, delete and move, as `config show --commands` prints them; durations.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"

namespace lockstepctl {

inline constexpr std::size_t kSetLinesMax = 100'000;  // As the service takes in one call.

// One edit a line: "set policy rule web action permit", "move policy rule web first", "… after
// ssh". Words and quotes are as of a shell: "double" or 'single' ones hold words and lines
// together, a backslash outside of single ones makes the next character plain, # begins a comment.
// Errors: kInvalidArgument with the line's number; a line's text is not repeated, it may hold a
// secret.
[[nodiscard]] absl::StatusOr<lockstep::admin::EditRequest> ReadSetLines(std::string_view text);

// "300", "90s", "5m", "1h", "1d" as seconds. Errors: kInvalidArgument with `option` and the text.
[[nodiscard]] absl::StatusOr<std::uint32_t> ReadDuration(std::string_view option,
                                                         std::string_view text);

}  // namespace lockstepctl
