// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What a call waits for, while it does: on standard error, which scripts and pipes do not read.
//
// Threads: one of its own, from the construction to the end of its scope.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "proto/admin.pb.h"

namespace lockstepctl {

// "waiting for fw-b (pushing)"; empty: nothing of another node is waited for.
[[nodiscard]] std::string WaitingText(const lockstep::admin::SyncStatus& status);

// On a terminal one line that changes each second, from the second second on; else one line at the
// tenth. Asks the node by a connection of its own; one that does not answer is left alone.
class Progress {
 public:
  explicit Progress(std::string socket);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  void Run();
  void Say(std::uint32_t second);

  std::string socket_;
  bool is_terminal_;
  bool has_line_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;  // Under mutex_.
  std::thread thread_;
};

}  // namespace lockstepctl
