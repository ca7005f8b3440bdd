// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What DPDK counts of a port, for `lockstepctl stats`.
//
// Threads: any; values grow meanwhile.

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/core/stats_source.h"

namespace dataplane {

// Appends "port.NAME.…"; nothing if the driver does not count.
void AppendPortStats(std::string_view name, std::uint16_t id, std::vector<StatValue>& stats);

}  // namespace dataplane
