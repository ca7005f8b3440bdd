// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What main does to its own process: signals, locked memory, the runtime directory.
//
// Threads: main, before it starts others.

#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace dataplane {

// Blocks SIGTERM and SIGINT for this thread and all it starts later, and ignores SIGPIPE.
void BlockStopSignals();
// Waits for one of them, and calls `look` ten times a second meanwhile; returns its name.
std::string WaitForStopSignal(const std::function<void()>& look);

// Locks memory as it is touched, so that a take-over never waits for a page. Touching it all at
// once would only make the process die more slowly. False where that is not permitted.
bool LockMemory();

// Errors: as the system says, with the path.
absl::Status MakeRuntimeDir(const std::string& path);

}  // namespace dataplane
