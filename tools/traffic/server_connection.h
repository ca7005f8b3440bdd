// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The server's end of one TCP flow: checks what arrives and owes the same number of bytes.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tools/traffic/loop.h"
#include "tools/traffic/wire.h"

namespace traffic {

class Server;

class ServerConnection final : public Handler {
 public:
  // Takes over `fd`, which is connected and not yet watched.
  ServerConnection(Loop& loop, Server& server, int fd);
  ~ServerConnection() override;

  void OnReady(std::uint32_t events, std::uint64_t now) override;
  void OnTimer(std::uint64_t) override {}

 private:
  void Receive();
  void Check(std::span<const std::byte> bytes);
  void Answer();
  void End(bool reset);
  [[nodiscard]] std::uint64_t owed_bytes() const noexcept { return received_bytes_ - sent_bytes_; }

  Loop& loop_;
  Server& server_;
  int fd_;
  bool ended_ = false;
  bool peer_done_ = false;  // The client has closed its direction.
  bool refused_ = false;    // The hello was wrong: everything counts as corrupt.
  std::uint32_t watched_events_;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;  // Invariant: sent_bytes_ <= received_bytes_.
  std::uint64_t key_in_ = 0;
  std::uint64_t key_out_ = 0;
  std::array<std::byte, sizeof(TcpHello)> hello_;  // Filled from the first bytes.
};

}  // namespace traffic
