// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// What all services of a connection have in common: one caller, whose role is checked before a call
// costs anything, and pools that run the calls.
//
// Threads: gRPC's call Answer(); the pools' run what it was given.

#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "configsync/admin/roles.h"
#include "configsync/admin/sync_calls.h"
#include "configsync/serving/work_pool.h"

namespace configsync {

// By Lane (roles.h).
struct WorkPools {
  WorkPool quick;
  WorkPool slow;
  WorkPool peer;
};

class CallerQueue {
 public:
  // Borrows `groups` and `pools`.
  CallerQueue(Caller caller, const RoleGroups& groups, WorkPools& pools)
      : caller_(std::move(caller)), groups_(groups), pools_(pools) {}

  // Calls that have not been answered.
  [[nodiscard]] std::size_t active_count() const { return active_count_.load(); }
  [[nodiscard]] const Caller& caller() const { return caller_; }

  using Context = grpc::CallbackServerContext;

  // Runs `method` of `calls` in the lane of `name`, which is the method's in proto/admin.proto.
  // Null: a node alone.
  template <typename Calls, typename Request, typename Response>
  grpc::ServerUnaryReactor* Answer(std::string_view name, Calls* calls,
                                   absl::Status (Calls::*method)(const Caller&, const Request&,
                                                                 Response&),
                                   Context* context, const Request* request, Response* response) {
    return Run(name, context, [this, calls, method, request, response] {
      return calls == nullptr ? NoSync() : std::invoke(method, calls, caller_, *request, *response);
    });
  }

 private:
  grpc::ServerUnaryReactor* Run(std::string_view name, Context* context,
                                std::function<absl::Status()> work);

  const Caller caller_;
  const RoleGroups& groups_;
  WorkPools& pools_;
  std::atomic<std::size_t> active_count_{0};  // Writers: gRPC's threads, the pools'.
};

}  // namespace configsync
