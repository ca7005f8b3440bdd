// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The paired devices as text, and back.
//
// Threads: functions only.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/devices/device.h"

namespace configsync {

// Bounds of one device; its certificate is read again, so that id and pin are its own.
[[nodiscard]] absl::StatusOr<KnownDevice> CheckedDevice(const KnownDevice& device);

[[nodiscard]] std::string PrintKnownDevices(const std::vector<KnownDevice>& devices);
// Errors: kDataLoss with what is wrong, never with a value.
[[nodiscard]] absl::StatusOr<std::vector<KnownDevice>> ReadKnownDevices(std::string_view text);

}  // namespace configsync
