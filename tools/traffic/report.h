// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The two kinds of lines a client prints: progress while it runs, and one report at its end.

#pragma once

#include <cstdint>

#include "tools/traffic/client.h"
#include "tools/traffic/json.h"
#include "tools/traffic/server.h"

namespace traffic {

// {"type":"progress",…}: what is alive now, for a person who watches.
[[nodiscard]] JsonWriter ProgressOf(const Client& client, std::uint64_t now);

// {"type":"report",…}: every fact about every flow. Judging them is the reader's business.
[[nodiscard]] JsonWriter ReportOf(const Client& client, std::uint64_t now);

// {"type":"report",…}: the server's counters.
[[nodiscard]] JsonWriter ReportOf(const ServerCounters& counters);

}  // namespace traffic
