// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator gives in a file.
//
// Threads: values only.

#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace lockstepctl {

inline constexpr std::size_t kSecretBytesMax = 65'536;

// All of `path`, or of standard input for "-". Errors: kNotFound and others as the system says,
// kInvalidArgument: longer than `bytes_max`, or not UTF-8 (with the line).
[[nodiscard]] absl::StatusOr<std::string> ReadInput(const std::string& path, std::size_t bytes_max);

// The same for one value: without the newline at its end. Errors: also kInvalidArgument: empty.
[[nodiscard]] absl::StatusOr<std::string> ReadValue(const std::string& path);

}  // namespace lockstepctl
