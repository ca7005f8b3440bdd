// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Calls to a node over its control socket. Hides gRPC: only client.cc includes it.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/control.pb.h"

namespace lockstepctl {

// Every call has a deadline of `timeout_s` and returns the node's own status and message on
// failure.
class Client {
 public:
  Client(const std::string& socket, std::uint32_t timeout_s);
  ~Client();

  absl::StatusOr<lockstep::control::Status> GetStatus();
  absl::StatusOr<lockstep::control::ListSessionsResponse> ListSessions(
      const lockstep::control::ListSessionsRequest& request);
  // `on_chunk` sees each chunk of lines as it arrives.
  absl::Status DumpTables(
      const std::string& table,
      const std::function<void(const lockstep::control::DumpTablesResponse&)>& on_chunk);
  absl::StatusOr<lockstep::control::Stats> GetStats();
  absl::StatusOr<lockstep::control::Peer> GetPeer();
  absl::Status Switchover();
  absl::Status Resync();
  absl::Status FillSessions(std::uint64_t count);
  // only_plan: PlanForwarding instead of ApplyForwarding.
  absl::StatusOr<lockstep::control::ForwardingPlan> Forward(
      const lockstep::control::ForwardingRequest& request, bool only_plan);
  absl::StatusOr<lockstep::control::ForwardingState> GetForwarding();
  absl::StatusOr<lockstep::control::CorruptEntryResponse> CorruptEntry(const std::string& what,
                                                                       const std::string& key);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstepctl
