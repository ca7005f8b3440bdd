// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The secret of HA2 as a file: made at one node, brought to the other by the pairing. The dataplane
// reads it (dataplane/crypto/pair_secret_file.h); whoever writes it here never replaces one.
//
// Threads: functions only.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace configsync {

inline constexpr std::string_view kPairSecretHeader = "lockstep pair secret v1";
inline constexpr std::size_t kPairSecretTextBytesMax = 128;

// Two lines: the header and 64 hexadecimal digits.
[[nodiscard]] bool IsPairSecretText(std::string_view text);

// Errors: kNotFound; kPermissionDenied; kInvalidArgument (it is not such a file, or others may read
// it), each with path and remedy.
[[nodiscard]] absl::StatusOr<std::string> ReadPairSecret(const std::string& path);
// Mode 0600, whole or not at all, durable. Errors: kAlreadyExists, and what the disk says.
[[nodiscard]] absl::Status WriteNewPairSecret(const std::string& path, std::string_view text);
// Errors: kUnavailable: no randomness.
[[nodiscard]] absl::StatusOr<std::string> RandomPairSecretText();

}  // namespace configsync
