// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every bound of lockstep-traffic, with its reason.

#pragma once

#include <cstddef>
#include <cstdint>

namespace traffic {

inline constexpr std::uint64_t kNanosPerMilli = 1'000'000;
inline constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

inline constexpr std::size_t kChunkBytes = 16 * 1024;      // One read or write of a TCP stream.
inline constexpr std::size_t kChunksPerTurnMax = 8;        // Then it is the turn of other sockets.
inline constexpr std::size_t kOwedBytesMax = 1024 * 1024;  // The server stops reading beyond this.
inline constexpr std::size_t kEventsPerTurnMax = 256;      // Descriptors served per epoll_wait.
inline constexpr std::size_t kDatagramsPerTurnMax = 64;    // Datagrams of one socket per turn.
inline constexpr std::size_t kDatagramBytesMax = 1400;     // Fits MTU 1500 with room for options.
inline constexpr std::size_t kTcpFlowsMax = 100'000;       // Records of one run.
inline constexpr std::size_t kUdpFlowsMax = 1'000;
inline constexpr std::size_t kSpansKeptMax = 64;        // Longest stalls or gaps of one flow.
inline constexpr std::size_t kCommandBytesMax = 256;    // One line on stdin.
inline constexpr std::size_t kSampleCountMax = 60'000;  // Ten minutes of 10 ms samples.
inline constexpr std::uint64_t kSampleNanos = 10 * kNanosPerMilli;

// Shorter waits are scheduling noise of the machine and would only fill the report.
inline constexpr std::uint64_t kTcpStallNanosMin = 20 * kNanosPerMilli;
inline constexpr std::uint64_t kUdpGapNanosMin = 1 * kNanosPerMilli;

// A sender that fell further behind than this skips instead of sending a burst.
inline constexpr std::uint64_t kLateNanosMax = 20 * kNanosPerMilli;

}  // namespace traffic
