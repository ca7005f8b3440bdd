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

// Redirects DPDK's log. Call before rte_eal_init. A null sink swallows the lines.
void CaptureEalLog(EalLogSink sink);

// Lines of DPDK since the last call, joined by "; ", and forgets them. Empty: nothing was said.
std::string TakeEalComplaint();

}  // namespace dataplane
