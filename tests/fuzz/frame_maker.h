// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Frames of a peer that knows the protocol and lies: every field is near what would be true, or
// anything. What the node under test says is listened to, so that lies are about things that exist.
//
// Threads: one.  Memory: a vector per frame.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "statesync/engine.h"
#include "statesync/wire/frame_reader.h"
#include "tests/fuzz/byte_reader.h"

namespace statesync::fuzz {

struct MadeFrame {
  std::uint16_t stream = 0;
  std::uint16_t epoch = 0;
  std::vector<std::byte> sealed;
};

class FrameMaker {
 public:
  // tables: of the node under test, for digests that agree.
  FrameMaker(ByteReader& input, ReplicatedTable& table) : input_(input), table_(table) {}

  // One frame of this moment. term: the highest the peer may honestly know.
  MadeFrame Make(Instant now, Term term);
  // The node under test sent this.
  void OnSent(const OutFrame& frame);
  // A new run of the peer numbers its frames anew.
  void Restart();
  // A frame of some other author came from the peer.
  void OnOther(const MadeFrame& frame);
  // Highest term that any table section carried.
  [[nodiscard]] Term section_term_max() const { return section_term_max_; }

 private:
  struct StreamView {
    std::uint64_t own_next = 1;    // Of the node under test.
    std::uint64_t own_ack = 0;     // What it acknowledges.
    std::uint64_t stated_ack = 0;  // What the peer acknowledges.
    std::uint64_t peer_next = 1;   // What the peer numbers next.
    std::uint64_t counter = 1;     // Of the peer's versions.
    std::uint32_t bulk_asked = 0;  // Id of its last request.
    std::uint32_t bulk_stated = 0;
  };

  struct Taught {
    WireHandle handle;
    Version version;
  };

  void AppendSection(std::vector<std::byte>& frame, Term term);
  void AppendRaw(std::vector<std::byte>& frame);
  std::vector<std::byte> SessionRecordBytes(std::uint8_t op, std::uint8_t schema);
  std::vector<std::byte> ControlRecordBytes(ControlOp op);
  std::vector<std::byte> BulkRecordBytes(ControlOp op);
  std::vector<std::byte> ShardRecordBytes(ControlOp op);
  WireHandle AnyHandle();
  const Taught& AnyTaught();
  std::uint64_t Near(std::uint64_t value);
  Term AnyTerm(Term term);

  ByteReader& input_;
  ReplicatedTable& table_;
  std::array<StreamView, kStreamsMax> streams_{};
  StreamView* view_ = &streams_[0];
  std::uint16_t epoch_ = 1;
  Term section_term_max_;
  std::array<Taught, 16> taught_{};  // The newest inserts, as a ring.
  std::size_t taught_count_ = 0;
};

}  // namespace statesync::fuzz
