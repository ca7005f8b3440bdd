// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "statesync/stream/stream_state.h"

#include <algorithm>

#include "statesync/ensure.h"

namespace statesync {

FrameFields::FrameFields(const FrameHeader& header)
    : term{header.term.Get()},
      numbered((header.flags & kFrameNumbered) != 0),
      number(header.frame_number.Get()),
      oldest(number - header.oldest_back.Get()),
      send_time_us(header.send_time_us.Get()),
      ack(header.ack.Get()),
      credit(header.credit.Get()),
      role(static_cast<Role>(header.role)),
      readiness(static_cast<Readiness>(header.readiness)) {}

OutFrame* StreamState::Begin(FrameSink& sink, FrameWriter& writer) const {
  OutFrame& frame = sink.Take();
  ENSURE(frame.buffer.size() >= engine.frame_bytes_max);
  writer.Begin(frame.buffer.first(engine.frame_bytes_max));
  return &frame;
}

void StreamState::Finish(Instant now, FrameWriter& writer, OutFrame& frame, bool numbered,
                         std::uint64_t number) {
  FrameHeader header;
  header.term.Set(engine.known_term.value);
  header.flags = numbered ? kFrameNumbered : std::uint8_t{0};
  header.frame_number.Set(number);
  header.oldest_back.Set(
      static_cast<std::uint32_t>(number - std::min(ring.oldest_frame(), number)));
  header.send_time_us.Set(static_cast<std::uint32_t>(now.ns / 1'000));
  header.ack.Set(applied_frame);
  header.credit.Set(engine.options.credit_frames);
  header.role = static_cast<std::uint8_t>(engine.stated_role());
  header.readiness = static_cast<std::uint8_t>(engine.stated_readiness);
  frame.bytes = static_cast<std::uint16_t>(writer.Finish(header));
  frame.stream = index;
  frame.epoch = engine.epoch;
  // The path may have begun to swallow large datagrams: then keepalives tell of the loss.
  if (sizeof(ClearHeader) + frame.bytes + kTagBytes <= kDatagramBytesMin) last_sent = now;
  unacked_frames = 0;
}

}  // namespace statesync
