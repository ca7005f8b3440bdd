// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// gRPC's side of the control service: turns calls into the functions of status_view and
// session_view. Includes gRPC: only this pair of files and control_server.cc do.
//
// Threads: gRPC's callback threads. No handler blocks: what takes time waits on an alarm or on the
// client's reading.

#pragma once

#include <atomic>

#include "dataplane/control/control_server.h"
#include "dataplane/control/forwarding_calls.h"
#include "proto/control.grpc.pb.h"

namespace dataplane {

// Calls that wait (switchover, fill-sessions) look again this often, and give up after this long
// without progress.
inline constexpr int kWaitStepMs = 5;
inline constexpr int kPatienceMs = 5'000;

class ControlService final : public lockstep::control::Control::CallbackService {
 public:
  explicit ControlService(const ControlSetup& setup)
      : setup_(setup), forwarding_(*setup.options, setup.forwarding, setup.boot_id) {}

  // Waiting calls end at their next step with UNAVAILABLE; a change that is being applied is
  // finished first.
  void BeginStop() {
    is_stopping_.store(true);
    forwarding_.Stop();
  }

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const lockstep::control::GetStatusRequest* request,
                                      lockstep::control::Status* response) override;
  grpc::ServerUnaryReactor* ListSessions(
      grpc::CallbackServerContext* context, const lockstep::control::ListSessionsRequest* request,
      lockstep::control::ListSessionsResponse* response) override;
  grpc::ServerWriteReactor<lockstep::control::DumpTablesResponse>* DumpTables(
      grpc::CallbackServerContext* context,
      const lockstep::control::DumpTablesRequest* request) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context,
                                     const lockstep::control::GetStatsRequest* request,
                                     lockstep::control::Stats* response) override;
  grpc::ServerUnaryReactor* GetPeer(grpc::CallbackServerContext* context,
                                    const lockstep::control::GetPeerRequest* request,
                                    lockstep::control::Peer* response) override;
  grpc::ServerUnaryReactor* Switchover(grpc::CallbackServerContext* context,
                                       const lockstep::control::SwitchoverRequest* request,
                                       lockstep::control::SwitchoverResponse* response) override;
  grpc::ServerUnaryReactor* Resync(grpc::CallbackServerContext* context,
                                   const lockstep::control::ResyncRequest* request,
                                   lockstep::control::ResyncResponse* response) override;
  grpc::ServerUnaryReactor* FillSessions(
      grpc::CallbackServerContext* context, const lockstep::control::FillSessionsRequest* request,
      lockstep::control::FillSessionsResponse* response) override;
  grpc::ServerUnaryReactor* CorruptEntry(
      grpc::CallbackServerContext* context, const lockstep::control::CorruptEntryRequest* request,
      lockstep::control::CorruptEntryResponse* response) override;
  grpc::ServerUnaryReactor* PlanForwarding(grpc::CallbackServerContext* context,
                                           const lockstep::control::ForwardingRequest* request,
                                           lockstep::control::ForwardingPlan* response) override;
  grpc::ServerUnaryReactor* ApplyForwarding(grpc::CallbackServerContext* context,
                                            const lockstep::control::ForwardingRequest* request,
                                            lockstep::control::ForwardingPlan* response) override;
  grpc::ServerUnaryReactor* GetForwarding(grpc::CallbackServerContext* context,
                                          const lockstep::control::GetForwardingRequest* request,
                                          lockstep::control::ForwardingState* response) override;

 private:
  [[nodiscard]] statesync::Role role() const;

  ControlSetup setup_;
  ForwardingCalls forwarding_;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace dataplane
