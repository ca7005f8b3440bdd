// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// gRPC has no option for a lowest TLS version, and accepts TLS 1.2. What it cannot override is the
// OpenSSL configuration that every new TLS context begins with.
//
// Threads: any; before the first TLS context of the process, best as main begins.

#pragma once

#include "absl/status/status.h"

namespace configsync {

// From now on every TLS context of this process speaks TLS 1.3 alone. Needs no file; the machine's
// own OpenSSL configuration is read first. May be repeated. Errors: kInternal, what OpenSSL says.
absl::Status AllowOnlyTls13();

}  // namespace configsync
