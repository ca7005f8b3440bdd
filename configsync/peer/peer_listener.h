// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Accepts connections on addresses of HA1 and gives them away, before a byte of them is read.
//
// Threads: one of its own, which calls on_connection.

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "configsync/peer/remote_address.h"

namespace configsync {

class PeerListener {
 public:
  struct Setup {
    std::vector<Endpoint> listen;  // Port 0: the system chooses.
    // Owns `descriptor`.
    std::function<void(int descriptor, const Endpoint& from)> on_connection;
  };
  // An address that cannot be listened on is tried again each second, while another one can be.
  // Errors: kUnavailable with address and what the system says: none can be listened on.
  static absl::StatusOr<std::unique_ptr<PeerListener>> Start(Setup setup);
  ~PeerListener() { Stop(); }
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;

  void Stop();
  [[nodiscard]] std::vector<Endpoint> listening() const;
  // Addresses that cannot be listened on, and what the system says; empty: none.
  [[nodiscard]] std::string fault() const;

 private:
  explicit PeerListener(Setup setup) : setup_(std::move(setup)) {}
  absl::Status Bind(const Endpoint& endpoint);
  void BindMissing();
  void Run();
  void Accept(int listener);

  const Setup setup_;
  std::vector<Endpoint> missing_;  // The thread's, once it runs. So are the descriptors.
  std::vector<int> listeners_;
  int stop_ = -1;  // eventfd.
  std::thread thread_;
  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<Endpoint> listening_;
  std::string fault_;
};

// Ends a connection with a reset: nobody waits for anything.
void CloseAtOnce(int descriptor);

}  // namespace configsync
