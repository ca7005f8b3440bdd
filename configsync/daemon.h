// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The parts of lockstep-configd, put together: schema, store, follower, engine, other nodes,
// admin service.
//
// Threads: main; the parts bring their own.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "configsync/start_options.h"

namespace configsync {

class Daemon {
 public:
  // `listening`: what AdminServer::Bind() gave. `master_key`: of a new store; empty: random.
  // Errors: what the modules, the store, the machine say, with the remedy.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const StartOptions& options, int listening,
                                                       std::string master_key);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Does what is due, and writes the hosts file if names or addresses changed. Returns when to call
  // again, in milliseconds; at most a second.
  std::uint32_t Tick();

 private:
  Daemon();
  void WriteHosts();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// --check: judges modules and store without changing anything; a sentence. Errors: what is wrong.
absl::StatusOr<std::string> CheckStart(const StartOptions& options);

}  // namespace configsync
