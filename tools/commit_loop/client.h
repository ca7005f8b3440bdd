// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The calls of the campaign to lockstep-configd. Hides gRPC: only client.cc includes it.
//
// Threads: one.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/commit_loop/content.h"

namespace commit_loop {

struct Answer {
  bool arrived = false;  // False: the process is not there, or died during the call.
  std::string refusal;   // Not empty: it answered, and did nothing.
  std::uint64_t revision = 0;
  std::string hash;
  std::string text;  // JSON of the running configuration, or faults of the store.
};

class Client {
 public:
  explicit Client(std::string socket);
  ~Client();

  // Connects anew; a process that died before is forgotten.
  void Reconnect();
  // Revision, hash and content of the running configuration. Waits for the process to come up.
  Answer Look(std::chrono::milliseconds patience);
  Answer Edit(const std::vector<Setting>& settings);
  Answer Commit(const std::string& comment);
  Answer Verify();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace commit_loop
