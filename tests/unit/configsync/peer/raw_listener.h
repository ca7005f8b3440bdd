// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Sockets that do not behave: one that talks nonsense, one that never answers, one that is full.
//
// Threads: one of its own.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace configsync {

class RawListener {
 public:
  enum class Manner { kNonsense, kSilent, kFull };
  explicit RawListener(Manner manner) : descriptor_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    bind(descriptor_, generic, sizeof(address));
    socklen_t length = sizeof(address);
    getsockname(descriptor_, generic, &length);
    port_ = ntohs(address.sin_port);
    listen(descriptor_, manner == Manner::kFull ? 0 : 16);
    if (manner == Manner::kFull) {
      // Who comes now is dropped, as by a firewall.
      for (int i = 0; i < 4; ++i) {
        held_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        connect(held_.back(), generic, sizeof(address));
      }
    }
    if (manner == Manner::kNonsense) {
      thread_ = std::thread([this] { Talk(); });
    }
  }
  ~RawListener() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
    for (const int one : held_) close(one);
    close(descriptor_);
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  [[nodiscard]] std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  void Talk() {
    while (!stop_.load()) {
      pollfd wait{descriptor_, POLLIN, 0};
      if (poll(&wait, 1, 50) <= 0) continue;
      const int one = accept(descriptor_, nullptr, nullptr);
      const std::string text = "HTTP/1.0 400 Bad Request\r\n\r\n";
      [[maybe_unused]] const ssize_t sent = send(one, text.data(), text.size(), MSG_NOSIGNAL);
      held_.push_back(one);
    }
  }

  int descriptor_;
  int port_ = 0;
  std::vector<int> held_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace configsync
