// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// A remote with the right certificate and the right password that answers what it likes.
//
// Threads: set its answers before it is called.

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "configsync/devices/device.h"
#include "configsync/peer/methods.h"

namespace configsync {

class LyingServer {
 public:
  explicit LyingServer(const DeviceStore& own, const DeviceStore& caller);
  ~LyingServer();
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;

  [[nodiscard]] std::string address() const;
  // What it sends, whatever it is asked for; without messages: only `status`.
  struct Answer {
    std::vector<std::string> messages;
    int status = 0;      // Of gRPC.
    std::string reason;  // Trailer.
    bool is_compressed = false;
  };
  Answer answer;
  std::string welcome;    // Instead of the right proof.
  std::string challenge;  // Instead of 32 bytes.
  // Held calls wait until it is unlocked; not those of the login.
  std::mutex hold;

  class Service;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
