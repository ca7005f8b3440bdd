// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Passes connections on to another address and counts their bytes: what TCP carries, TLS and HTTP/2
// included.
//
// Threads: one of its own; the count may be read at any time.

#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "configsync/peer/remote_address.h"

namespace configsync {

class CountingRelay {
 public:
  explicit CountingRelay(const std::string& server)
      : server_(*ParseRemoteAddress(server, 1)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_storage address{};
    socklen_t length = ToSocketAddress({AF_INET, "127.0.0.1", 0}, address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    bind(listener_, generic, length);
    listen(listener_, 16);
    length = sizeof(address);
    getsockname(listener_, generic, &length);
    own_ = *FromSocketAddress(*generic);
    thread_ = std::thread([this] { Run(); });
  }
  ~CountingRelay() {
    is_stopping_.store(true);
    thread_.join();
    for (const auto& [left, right] : pairs_) {
      close(left);
      close(right);
    }
    close(listener_);
  }
  CountingRelay(const CountingRelay&) = delete;
  CountingRelay& operator=(const CountingRelay&) = delete;

  [[nodiscard]] std::string address() const { return TextOf(own_); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(); }

 private:
  void Run() {
    while (!is_stopping_.load()) {
      std::vector<pollfd> waits{{listener_, POLLIN, 0}};
      for (const auto& [left, right] : pairs_) {
        waits.push_back({left, POLLIN, 0});
        waits.push_back({right, POLLIN, 0});
      }
      if (poll(waits.data(), waits.size(), 20) <= 0) continue;
      if (waits[0].revents != 0) Accept();
      for (std::size_t i = 1; i < waits.size(); i += 2) {
        const bool is_open = (waits[i].revents == 0 || Pass(waits[i].fd, waits[i + 1].fd)) &&
                             (waits[i + 1].revents == 0 || Pass(waits[i + 1].fd, waits[i].fd));
        if (!is_open) Forget(waits[i].fd);
      }
    }
  }
  void Accept() {
    const int left = accept(listener_, nullptr, nullptr);
    const int right = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_storage address{};
    const socklen_t length = ToSocketAddress(server_, address);
    connect(right, reinterpret_cast<const sockaddr*>(&address), length);
    for (const int one : {left, right}) {
      const int on = 1;
      setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    pairs_.emplace_back(left, right);
  }
  bool Pass(int from, int to) {
    std::array<char, 65'536> buffer{};
    const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    bytes_.fetch_add(static_cast<std::uint64_t>(count));
    return send(to, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
  }
  void Forget(int left) {
    std::erase_if(pairs_, [left](const auto& pair) {
      if (pair.first != left) return false;
      close(pair.first);
      close(pair.second);
      return true;
    });
  }

  const Endpoint server_;
  Endpoint own_;
  const int listener_;
  std::vector<std::pair<int, int>> pairs_;  // Of the thread alone.
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace configsync
