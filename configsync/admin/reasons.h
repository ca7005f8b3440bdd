// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator should know about the configuration's state: named causes with a remedy.
//
// Threads: values only.

#pragma once

#include <string>
#include <vector>

#include "configsync/engine/engine.h"

namespace configsync {

// Each "severity NAME: sentence; remedy". Severity is info, warning or error.
[[nodiscard]] std::vector<std::string> ReasonsOf(const EngineStatus& status, const Tree& running);

}  // namespace configsync
