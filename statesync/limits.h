// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Every bound of the engine, in two groups, each with its reason; static_asserts tie them together.

#pragma once

#include <cstddef>
#include <cstdint>

namespace statesync {

// Protocol limits: both nodes must agree. A change is a new protocol version.

// One byte of every handle on the wire.
inline constexpr std::size_t kShardCount = 256;
// Two bytes of every handle; 0xffff is none.
inline constexpr std::size_t kSlotsPerShardMax = 65'535;
// Three bits of every term.
inline constexpr std::size_t kNodesMax = 8;
// 24 bits of every version.
inline constexpr std::uint32_t kTermMax = 0xff'ffff;
inline constexpr std::uint64_t kVersionCounterMax = (std::uint64_t{1} << 40) - 1;
inline constexpr std::uint64_t kFrameNumberMax = (std::uint64_t{1} << 48) - 1;
inline constexpr std::size_t kStreamsMax = 16;
// Every HA2 link must carry this UDP payload.
inline constexpr std::size_t kDatagramBytesMin = 1200;
// MTU 9000 less IPv6 and UDP headers.
inline constexpr std::size_t kDatagramBytesMax = 8'952;

// Implementation limits: change freely; the asserts say what must still hold.

inline constexpr std::uint64_t kVersionCounterRenew = kVersionCounterMax - (std::uint64_t{1} << 32);
// One receive burst; handles of one pass.
inline constexpr std::size_t kBatchMax = 64;
// Bitmap of frames past the contiguous one.
inline constexpr std::size_t kReceiveWindowFrames = 8192;
// Frames whose handles the sender keeps.
inline constexpr std::size_t kRepairRingFrames = 8192;
// Handles kept over all those frames.
inline constexpr std::size_t kRepairRingItems = 1u << 20;
// Reordering on several queues stays well below it; RFC 6479's window is far smaller.
inline constexpr std::size_t kReplayWindowPackets = 8192;
// Handles asked for; what is beyond it digests find.
inline constexpr std::size_t kWantQueueMax = 4096;
// Refusals of the peer that wait for the caller.
inline constexpr std::size_t kRefusedChangesMax = 1024;
// Ranges of missing frames in one request.
inline constexpr std::size_t kNackRangesMax = 64;

static_assert(kSlotsPerShardMax < 65'536);
static_assert(kReceiveWindowFrames % 64 == 0);
static_assert(kReplayWindowPackets % 64 == 0 && kReplayWindowPackets >= 4096);
// What the receiver can still ask for, the sender should still know.
static_assert(kRepairRingFrames >= kReceiveWindowFrames);

}  // namespace statesync
