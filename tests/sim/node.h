// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One simulated node: a real engine over a real session table, a clock of its own, an ha thread,
// and in place of the handshake a hello that says which boots have heard each other.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "statesync/engine.h"
#include "statesync/table/session_table.h"
#include "tests/sim/ha_node.h"
#include "tests/sim/options.h"
#include "tests/sim/packet_pool.h"

namespace sim {

inline constexpr statesync::NetAddr kNatAddresses[] = {0x0133'33c6, 0x0233'33c6, 0x0333'33c6};

class Node {
 public:
  Node(statesync::NodeIndex index, const WorldOptions& options, PacketPool& pool);

  // A new run of the process with an empty table. `skew`: its clock against the world's.
  void Boot(statesync::Instant now, std::uint64_t boot_id, statesync::Duration skew);
  void Crash();
  void Pause(statesync::Instant until) { paused_until_ = until; }

  [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
  [[nodiscard]] bool IsPaused(statesync::Instant now) const { return now < paused_until_; }
  [[nodiscard]] statesync::Instant paused_until() const { return paused_until_; }
  [[nodiscard]] bool Runs(statesync::Instant now) const { return is_up() && !IsPaused(now); }
  [[nodiscard]] bool IsActive() const { return is_up() && role_ == statesync::Role::kActive; }
  // Its workers forward: by the test's word, or before the role machine's fence.
  [[nodiscard]] bool Forwards(statesync::Instant now) const;
  [[nodiscard]] statesync::NodeIndex index() const { return index_; }
  [[nodiscard]] std::uint64_t boot_id() const { return boot_id_; }
  [[nodiscard]] std::uint64_t peer_boot_id() const { return peer_boot_; }
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] statesync::Term term() const { return term_; }

  void SetRole(statesync::Instant now, statesync::Role role, statesync::Term term);
  // Takes over one copy of the packet.
  void Receive(PacketPool::Index packet);
  // A turn of the sync loop begins: the engine applies what has arrived.
  void TakeInbox(statesync::Instant now);
  // The rest of it: fills `out` with packets to send, and returns when the next turn is due.
  statesync::Instant Turn(statesync::Instant now, std::vector<PacketPool::Index>& out);
  // Heartbeats wait until the ha thread's next turn. Takes over one copy of the packet.
  void ReceiveBeat(PacketPool::Index packet) { beats_.push_back(packet); }
  // A turn of the ha thread. True if the role changed. Beats go to `out`.
  bool TurnHa(statesync::Instant now, std::vector<PacketPool::Index>& out);

  [[nodiscard]] statesync::SessionTable& table() { return *table_; }
  [[nodiscard]] statesync::Engine& engine() { return *engine_; }
  [[nodiscard]] HaNode& ha() { return ha_; }
  [[nodiscard]] const statesync::EngineStatus& Status(statesync::Instant now) {
    facts_ = &engine_->status(Local(now));
    facts_at_ = now;
    return *facts_;
  }
  [[nodiscard]] statesync::Instant Local(statesync::Instant now) const {
    return now + skew_ + statesync::Duration{now.ns / 1'000'000 * clock_ppm_};
  }

  // ---- Of all runs ----
  [[nodiscard]] std::uint64_t frames_sent() const { return frames_sent_; }
  [[nodiscard]] std::uint64_t bytes_sent() const { return bytes_sent_; }  // UDP payload of HA2.
  // ---- Of this run ----
  [[nodiscard]] std::uint64_t frames_made() const { return frames_made_; }
  [[nodiscard]] std::uint64_t frames_opened() const { return frames_opened_; }
  [[nodiscard]] std::size_t inbox_size() const { return inbox_.size(); }
  [[nodiscard]] std::uint64_t overrun_count() const { return overruns_; }
  // A nonce was used two times under one key.
  [[nodiscard]] bool has_nonce_twice() const { return has_nonce_twice_; }

 private:
  static constexpr std::size_t kFramesPerCall = 8;

  void TakeBuffer(std::size_t i);
  void OnHello(statesync::Instant now, const Packet& hello);
  void AddHello(std::vector<PacketPool::Index>& out);
  void TakeFrames(statesync::Instant now, std::vector<PacketPool::Index>& out);
  void Seal(Packet& packet, const statesync::OutFrame& frame);

  statesync::NodeIndex index_;
  const WorldOptions& options_;
  PacketPool& pool_;
  std::vector<std::byte> arena_;  // The table's, used by every run.
  std::unique_ptr<statesync::SessionTable> table_;
  std::unique_ptr<statesync::Engine> engine_;
  HaNode ha_;
  std::uint64_t boot_id_ = 0;
  statesync::Duration skew_;
  std::int32_t clock_ppm_;
  statesync::Instant paused_until_;
  statesync::Role role_ = statesync::Role::kInit;
  statesync::Term term_;
  bool is_muted_ = false;
  const statesync::EngineStatus* facts_ = nullptr;  // As of facts_at_, or a little later.
  statesync::Instant facts_at_;
  std::vector<PacketPool::Index> inbox_;
  std::vector<statesync::OpenedFrame> opened_;  // Of TakeInbox().
  std::vector<PacketPool::Index> beats_;
  // What the engine writes its next frames into.
  std::array<PacketPool::Index, kFramesPerCall> buffers_{};
  std::array<statesync::OutFrame, kFramesPerCall> frames_{};

  bool is_connected_ = false;
  bool hello_wanted_ = false;
  std::uint64_t peer_boot_ = 0;
  statesync::Instant heard_;
  statesync::Instant hello_due_;
  std::array<std::uint64_t, statesync::kStreamsMax> packet_numbers_{};
  // Highest number sealed for this run of the peer: keys belong to two boots.
  struct Sealed {
    std::uint64_t peer_boot = 0;
    std::uint64_t number = 0;
  };
  std::array<Sealed, statesync::kStreamsMax> sealed_{};
  bool has_nonce_twice_ = false;

  std::uint64_t frames_sent_ = 0;
  std::uint64_t bytes_sent_ = 0;
  std::uint64_t frames_made_ = 0;
  std::uint64_t frames_opened_ = 0;
  std::uint64_t overruns_ = 0;
};

}  // namespace sim
