// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Calls to the dataplane over its control socket. Hides gRPC: only control_client.cc includes it.
//
// Threads: thread-safe.

#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace configsync {

// Every call has a deadline and tries to connect anew, so a dataplane that has just come up is
// found at once. Errors: kUnavailable (nobody listens, or the connection broke), kDeadlineExceeded,
// kCancelled (after Cancel()), else the dataplane's own status and message.
class ControlClient {
 public:
  explicit ControlClient(std::string socket);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  absl::StatusOr<lockstep::control::Status> GetStatus(std::chrono::milliseconds deadline);
  absl::StatusOr<lockstep::control::Peer> GetPeer(std::chrono::milliseconds deadline);
  absl::StatusOr<lockstep::control::ForwardingState> Get(std::chrono::milliseconds deadline);
  absl::StatusOr<lockstep::control::ForwardingPlan> Plan(
      const lockstep::control::ForwardingRequest& request, std::chrono::milliseconds deadline);
  absl::StatusOr<lockstep::control::ForwardingPlan> Apply(
      const lockstep::control::ForwardingRequest& request, std::chrono::milliseconds deadline);

  // Ends the calls that run and refuses further ones.
  void Cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace configsync
