// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Which machine this is: interfaces travel between equal ones only (F19).
//
// Threads: functions.

#pragma once

#include <string>

namespace configsync {

// "Model X, ports 0000:01:00.0 8086:1572, …": model of DMI, and the network ports of the PCI bus
// with their kind, whichever driver has them, so that it is the same with ports in the kernel and
// in a dataplane. One line, at most 2,000 bytes. What the machine does not tell is left out.
//
//   sysfs   "/sys", or a copy of it for tests
[[nodiscard]] std::string HardwareOf(const std::string& sysfs);

}  // namespace configsync
