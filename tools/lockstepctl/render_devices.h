// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing and devices as an operator reads them.
//
// Threads: values only.

#pragma once

#include <cstdint>
#include <string>

#include "proto/admin.pb.h"

namespace lockstepctl {

// "482 913".
[[nodiscard]] std::string CodeText(const std::string& code);
[[nodiscard]] std::string PairingText(const lockstep::admin::PairingResponse& pairing);
// `now_s`: Unix time, for the days that are left.
[[nodiscard]] std::string DevicesText(const lockstep::admin::ListDevicesResponse& list,
                                      std::int64_t now_s);

}  // namespace lockstepctl
