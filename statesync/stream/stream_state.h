// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The numbers of one stream in both directions, and the header that states them in every frame.
//
// Threads: one, the sync loop.  Memory: allocated by the constructor, never afterwards.

#pragma once

#include <cstddef>
#include <cstdint>

#include "statesync/stream/credit.h"
#include "statesync/stream/engine_context.h"
#include "statesync/stream/frame_sink.h"
#include "statesync/stream/receive_window.h"
#include "statesync/stream/repair_ring.h"
#include "statesync/stream/round_trip.h"
#include "statesync/wire/frame_writer.h"
#include "statesync/wire/schema.h"

namespace statesync {

// Frames applied but not acknowledged after which an acknowledgement does not wait for company.
inline constexpr std::uint32_t kAckFrames = 16;

// FrameHeader, decoded.
struct FrameFields {
  explicit FrameFields(const FrameHeader& header);
  Term term;
  bool numbered;
  std::uint64_t number;
  std::uint64_t oldest;  // Oldest frame that can still be repaired.
  std::uint32_t send_time_us;
  std::uint64_t ack;
  std::uint32_t credit;
  Role role;
  Readiness readiness;
};

struct StreamState {
  StreamState(EngineContext& context, std::uint16_t stream, const RepairRingOptions& ring_options)
      : engine(context),
        index(stream),
        ring(ring_options),
        window(context.options.reorder_wait, context.options.nack_retry_interval) {}

  EngineContext& engine;
  std::uint16_t index;

  // Sending.
  RepairRing ring;
  Credit credit;
  RoundTrip round_trip;
  std::uint64_t counter = 0;  // Of the last version used, in the own term.
  Instant last_sent;          // Of a frame that every path carries.

  // Receiving.
  ReceiveWindow window;
  std::uint64_t applied_frame = 0;  // What we acknowledge: contiguous, and no `want` is open in it.
  std::uint32_t unacked_frames = 0;  // Applied or closed since the last frame we sent.
  Instant ack_due;                   // If unacked_frames > 0.

  [[nodiscard]] bool HasShard(ShardIndex shard) const {
    return shard % engine.stream_count == index;
  }
  // A frame arrived that the peer wants to hear of.
  void AfterFrameClosed(Instant now) {
    if (unacked_frames++ == 0) ack_due = now + engine.options.flush_delay;
    if (unacked_frames >= kAckFrames) ack_due = now;
  }
  // Begins a frame in the next of the caller's buffers. REQUIRES: sink.left() > 0.
  OutFrame* Begin(FrameSink& sink, FrameWriter& writer) const;
  // Writes the header, which carries acknowledgement and credit. `number`: of this frame if it is
  // numbered, else the one the next numbered frame will get.
  void Finish(Instant now, FrameWriter& writer, OutFrame& frame, bool numbered,
              std::uint64_t number);
};

}  // namespace statesync
