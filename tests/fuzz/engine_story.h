// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One engine over a real table, told a story by the fuzzer: workers' changes, roles, time,
// connections, frames of a peer that lies, and turns of one that does not.
//
// What must hold is checked at every step: nothing that the peer says changes an entry that this
// node owns; frames taken are within their bounds and well formed; nothing is allocated; and at the
// end a fresh, honest peer converges with this node.
//
// Threads: one.  Memory: a few MiB per story.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "statesync/engine.h"
#include "statesync/table/session_table.h"
#include "tests/fuzz/byte_reader.h"
#include "tests/fuzz/frame_maker.h"

namespace statesync::fuzz {

inline constexpr std::size_t kTakeMax = 16;
// A plaintext buffer of an engine that sends the datagrams of its default option.
inline constexpr std::size_t kBufferBytes = 1'440;

struct Buffers {
  std::array<std::array<std::byte, kBufferBytes>, kTakeMax> bytes;
  std::array<OutFrame, kTakeMax> frames;
  std::span<OutFrame> First(std::size_t count);
};

// An engine and its table.
struct EngineNode {
  EngineNode(const EngineOptions& options, std::uint32_t capacity);
  std::unique_ptr<SessionTable> table;
  std::unique_ptr<Engine> engine;
};

class EngineStory {
 public:
  explicit EngineStory(ByteReader input);
  void Run();

 private:
  struct OwnedSession {
    NewSession session;
    std::uint32_t edge[2];
    SessionState state;
  };

  void Step();
  void Age();

  // ---- This node ----
  void Work();
  void ChangeRole();
  void LearnOwned();
  void CheckOwned();
  void TakeFrames();
  void CheckTaken(const OutFrame& frame);
  void CheckRecords(const OutFrame& frame, bool numbered);
  void ChangeSettings();

  // ---- The peer ----
  void Connect();
  void Deliver(const MadeFrame& frame);
  void Lie();
  void PeerTurn();
  void DamageAndDeliver(std::span<OutFrame> frames);

  // ---- The end ----
  void MeetHonestPeer();
  bool IsEqual() const;

  [[nodiscard]] bool IsOwner() const { return role_ == Role::kActive; }
  [[nodiscard]] PeerInfo AnyPeer();

  ByteReader input_;
  EngineOptions options_;
  EngineNode own_;
  std::unique_ptr<EngineNode> peer_;  // The honest one; speaks through the same link.
  FrameMaker maker_;
  Buffers buffers_;
  Buffers peer_buffers_;
  Instant now_{1'000'000'000};
  Role role_ = Role::kInit;
  Term term_;
  bool is_connected_ = false;
  BootId boot_id_ = 1;
  bool ends_with_honest_peer_ = false;
  std::map<Handle, OwnedSession> owned_;
  struct Sent {
    std::uint64_t frame = 0;
    Version version;
  };
  std::array<Sent, kStreamsMax> sent_{};
};

}  // namespace statesync::fuzz
