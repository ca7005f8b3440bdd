// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Probes of the path, answers to those of the peer; see path_mtu.h. Frames that are made after a
// change of the size have the new one, repairs included.

#include <algorithm>

#include "statesync/ensure.h"
#include "statesync/stream/stream.h"

namespace statesync {

bool Stream::OnPathSection(Instant now, const Section& section, std::size_t datagram_bytes) {
  const auto op = static_cast<ControlOp>(section.op);
  if (op == ControlOp::kProbe) {
    ++engine_.counters.probes_received;
    engine_.probe_answers.OnProbe(datagram_bytes);
    return true;
  }
  if (op != ControlOp::kProbeAck) return false;
  for (std::size_t i = 0; i < section.count; ++i) {
    const std::uint64_t raised_before = engine_.path_mtu.raised_count();
    if (engine_.path_mtu.OnAck(now, section.Get<ProbeAckRecord>(i).datagram_bytes.Get())) {
      ++engine_.counters.probes_acked;
    } else {
      ++engine_.counters.probe_acks_ignored;
    }
    engine_.counters.path_mtu_raised += engine_.path_mtu.raised_count() - raised_before;
  }
  engine_.FollowPath();
  return true;
}

void Stream::EmitProbes(Instant now, FrameSink& sink) {
  if (engine_.probe_answers.IsDue(now) && sink.left() > 0) {
    OutFrame* frame = state_.Begin(sink, control_);
    ProbeAckRecord record;
    record.datagram_bytes.Set(static_cast<std::uint16_t>(engine_.probe_answers.Take(now)));
    ENSURE(control_.AppendControl(ControlOp::kProbeAck, record));
    FinishControl(now, *frame);
  }
  if (sink.left() == 0) return;
  PathMtu& path = engine_.path_mtu;
  const std::uint64_t lowered_before = path.lowered_count();
  const std::size_t bytes = path.TakeProbe(now, engine_.last_heard, state_.round_trip.smoothed());
  engine_.counters.path_mtu_lowered += path.lowered_count() - lowered_before;
  engine_.FollowPath();
  if (bytes == 0) return;
  OutFrame& frame = sink.Take();
  const std::size_t sealed_bytes = bytes - sizeof(ClearHeader) - kTagBytes;
  ENSURE(frame.buffer.size() >= sealed_bytes);
  control_.Begin(frame.buffer.first(sealed_bytes));
  ENSURE(control_.Pad(ControlOp::kProbe));
  // It may not arrive, so no acknowledgement relies on it.
  const std::uint32_t unacked_frames = state_.unacked_frames;
  FinishControl(now, frame);
  state_.unacked_frames = unacked_frames;
  ++engine_.counters.probes_sent;
}

Instant Stream::NextProbe() const {
  const Instant probe = engine_.path_mtu.NextDue(engine_.last_heard, state_.round_trip.smoothed());
  const ProbeAnswers& answers = engine_.probe_answers;
  return answers.has_pending() ? std::min(probe, answers.next()) : probe;
}

}  // namespace statesync
