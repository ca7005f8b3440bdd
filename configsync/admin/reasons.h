// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What an operator should know about the configuration's state: causes of
// reasons/ with what was seen.
//
// Threads: values only.

#pragma once

#include <vector>

#include "configsync/engine/engine.h"
#include "configsync/reasons/reason.h"

namespace configsync {

// Of this node alone; those of the pair are pair/'s.
[[nodiscard]] std::vector<Reason> ReasonsOf(const EngineStatus& status, const Tree& running);

}  // namespace configsync
