// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The server end: checks every stream and datagram and answers with as many bytes of its own.

#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "tools/traffic/loop.h"
#include "tools/traffic/socket.h"

namespace traffic {

struct ServerCounters {
  std::uint64_t connection_count = 0;
  std::uint64_t connection_reset_count = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t corrupt_bytes = 0;
  std::uint64_t datagram_count = 0;
  std::uint64_t datagram_corrupt_count = 0;
};

class ServerConnection;

// One listening TCP socket and one UDP socket per local endpoint.
class Server final : public Handler {
 public:
  explicit Server(Loop& loop);
  ~Server() override;

  // 0, or the error number of the first socket that could not be opened.
  [[nodiscard]] int Listen(const Endpoint& local);

  void OnReady(std::uint32_t events, std::uint64_t now) override;
  void OnTimer(std::uint64_t now) override;  // Frees connections that have ended.

  // For ServerConnection: takes it out of the loop; it is destroyed at the next OnTimer().
  void Retire(int fd);

  [[nodiscard]] const ServerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] ServerCounters& counters() noexcept { return counters_; }

 private:
  void AcceptAll(int listen_fd);
  void EchoDatagrams(int fd);

  Loop& loop_;
  std::vector<int> listen_fds_;
  std::vector<int> datagram_fds_;
  std::unordered_map<int, std::unique_ptr<ServerConnection>> connections_;  // By descriptor.
  std::vector<std::unique_ptr<ServerConnection>> retired_;
  ServerCounters counters_;
};

}  // namespace traffic
