// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/caller_queue.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "configsync/log/log.h"
#include "configsync/status_grpc.h"

namespace configsync {
namespace {

WorkPool& PoolOf(Lane lane, WorkPools& pools) {
  return lane == Lane::kSlow ? pools.slow : lane == Lane::kPeer ? pools.peer : pools.quick;
}

}  // namespace

// The role is checked on gRPC's thread: a caller without it costs the pool nothing.
grpc::ServerUnaryReactor* CallerQueue::Run(std::string_view name, Context* context,
                                           std::function<absl::Status()> work) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const MethodRole& row = RowOf(name);
  if (!caller_.roles.Has(row.role)) {
    const std::string text = RefusalText(name, row.role, caller_, groups_);
    Log(LogLevel::kWarning, "admin", absl::StrCat("refused: ", text));
    reactor->Finish(GrpcStatus(absl::PermissionDeniedError(text)));
    return reactor;
  }
  active_count_.fetch_add(1);
  const bool is_queued =
      PoolOf(row.lane, pools_).Submit([this, context, reactor, work = std::move(work)] {
        absl::Status status =
            absl::DeadlineExceededError("the caller's deadline passed before its turn came");
        if (!context->IsCancelled()) status = work();
        // Before Finish(), after which the service may be gone.
        active_count_.fetch_sub(1);
        reactor->Finish(GrpcStatus(status));
      });
  if (!is_queued) {
    active_count_.fetch_sub(1);
    reactor->Finish(GrpcStatus(absl::ResourceExhaustedError(
        "lockstep-configd has too many calls waiting, or is ending; try again")));
  }
  return reactor;
}

}  // namespace configsync
