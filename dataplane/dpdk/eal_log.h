// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Takes over DPDK's log: keeps its last line, which says why a call failed, and passes lines on.
//
// Threads: DPDK logs from any thread; a mutex guards the last line. Workers' loops do not log.
// Memory:  one static buffer.

#pragma once

#include <string>
#include <string_view>

namespace dataplane {

// Receives complete lines without newline. Must not block for long and must not log to DPDK.
using EalLogSink = void (*)(std::string_view line);

// Redirects DPDK's log. Call before rte_eal_init. Lines are only collected: while a node starts,
// its error says what DPDK said.
void CaptureEalLog();

// From now on each line goes to `sink`, too; null: nowhere.
void PassEalLogTo(EalLogSink sink);

// First line that DPDK said since the last call, which is the nearest to the cause; forgets all.
// Empty: nothing was said.
std::string TakeEalComplaint();

}  // namespace dataplane
