// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// SQLite's door to a CrashDisk.

#pragma once

#include <sqlite3.h>

#include <memory>

namespace configsync {

class CrashDisk;

// Under a name of its own, which the result has. `disk` outlives it.
[[nodiscard]] std::unique_ptr<sqlite3_vfs> RegisterCrashVfs(CrashDisk& disk);
void UnregisterCrashVfs(sqlite3_vfs& vfs);

}  // namespace configsync
