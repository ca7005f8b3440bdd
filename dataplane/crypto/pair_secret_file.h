// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The pair secret on disk: two lines, a header and 64 hexadecimal digits, in a file of mode 0600.
// `lockstepctl pair-secret new` makes it; the operator copies it to the peer.
//
// Threads: any.  Memory: buffers that held the secret are wiped.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "statesync/seal/primitives.h"

namespace dataplane {

inline constexpr char kPairSecretHeader[] = "lockstep pair secret v1";

// Writes a new random secret. Never replaces an existing file.
// Errors: kAlreadyExists; kPermissionDenied, kNotFound and others as the system says, with the
// path.
absl::Status CreatePairSecretFile(const std::string& path, statesync::Primitives& primitives);

// Errors: kNotFound; kPermissionDenied if others than the owner may read or write it, or the owner
// is neither root nor this user; kInvalidArgument if it is not such a file. Each names a remedy.
absl::StatusOr<statesync::PairSecret> LoadPairSecret(const std::string& path);

}  // namespace dataplane
