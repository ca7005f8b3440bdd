// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// One simulated node: a real engine over a real session table, a clock of its own, and in place of
// the handshake a hello that says which boots have heard each other.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "statesync/engine.h"
#include "statesync/table/session_table.h"
#include "tests/sim/link.h"
#include "tests/sim/options.h"

namespace sim {

inline constexpr statesync::NetAddr kNatAddresses[] = {0x0133'33c6, 0x0233'33c6, 0x0333'33c6};

class Node {
 public:
  using Send = std::function<void(Datagram&&)>;

  Node(statesync::NodeIndex index, const WorldOptions& options);

  // A new run of the process with an empty table. `skew`: its clock against the world's.
  void Boot(statesync::Instant now, std::uint64_t boot_id, statesync::Duration skew);
  void Crash();
  void Pause(statesync::Instant until) { paused_until_ = until; }

  [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
  [[nodiscard]] bool IsPaused(statesync::Instant now) const { return now < paused_until_; }
  [[nodiscard]] statesync::Instant paused_until() const { return paused_until_; }
  [[nodiscard]] bool IsActive() const { return is_up() && role_ == statesync::Role::kActive; }
  [[nodiscard]] statesync::NodeIndex index() const { return index_; }
  [[nodiscard]] std::uint64_t boot_id() const { return boot_id_; }
  [[nodiscard]] std::uint64_t peer_boot_id() const { return peer_boot_; }
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] statesync::Term term() const { return term_; }

  void SetRole(statesync::Instant now, statesync::Role role, statesync::Term term);
  void Receive(Datagram&& datagram) { inbox_.push_back(std::move(datagram)); }
  // One or more turns of the sync loop; returns when the next one is due.
  statesync::Instant Turn(statesync::Instant now, const Send& send);

  [[nodiscard]] statesync::SessionTable& table() { return *table_; }
  [[nodiscard]] statesync::Engine& engine() { return *engine_; }
  [[nodiscard]] const statesync::EngineStatus& Status(statesync::Instant now) {
    return engine_->status(Local(now));
  }
  // Frames of all runs, and how often the loop was called.
  [[nodiscard]] std::uint64_t frames_sent() const { return frames_sent_; }

 private:
  [[nodiscard]] statesync::Instant Local(statesync::Instant now) const { return now + skew_; }
  void OnHello(statesync::Instant now, const Datagram& hello);
  void TakeInbox(statesync::Instant now);

  statesync::NodeIndex index_;
  const WorldOptions& options_;
  std::unique_ptr<statesync::SessionTable> table_;
  std::unique_ptr<statesync::Engine> engine_;
  std::uint64_t boot_id_ = 0;
  statesync::Duration skew_;
  statesync::Instant paused_until_;
  statesync::Role role_ = statesync::Role::kInit;
  statesync::Term term_;
  std::vector<Datagram> inbox_;
  std::vector<std::vector<std::byte>> buffers_;

  bool is_connected_ = false;
  std::uint64_t peer_boot_ = 0;
  statesync::Instant heard_;
  statesync::Instant hello_due_;
  std::uint64_t frames_sent_ = 0;
};

}  // namespace sim
