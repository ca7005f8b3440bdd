// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/control/control_service.h"

#include <grpcpp/alarm.h>

#include <chrono>
#include <functional>

#include "absl/strings/str_cat.h"
#include "dataplane/config/mistakes.h"
#include "dataplane/control/damage.h"
#include "dataplane/control/names.h"
#include "dataplane/control/session_view.h"
#include "dataplane/control/status_view.h"
#include "dataplane/log/log.h"

namespace dataplane {
namespace {

using lockstep::control::DumpTablesResponse;

grpc::Status ToGrpc(const absl::Status& status) {
  return status.ok() ? grpc::Status::OK
                     : grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                                    std::string(status.message()));
}

grpc::ServerUnaryReactor* Finished(grpc::CallbackServerContext* context,
                                   const grpc::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// Writes the dump chunk by chunk, each when the client has taken the one before: one chunk in
// memory.
class DumpReactor final : public grpc::ServerWriteReactor<DumpTablesResponse> {
 public:
  explicit DumpReactor(const statesync::SessionTable& table) : table_(table) { WriteNext(); }

  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the client stopped reading"));
    }
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    chunk_.clear_lines();
    while (chunk_.lines_size() == 0 && !cursor_.is_at_end()) {
      DumpSessions(table_, cursor_, chunk_);
    }
    if (chunk_.lines_size() == 0) {
      Finish(grpc::Status::OK);
    } else {
      StartWrite(&chunk_);
    }
  }

  const statesync::SessionTable& table_;
  TableCursor cursor_;
  DumpTablesResponse chunk_;
};

// Finishes a dump that never begins.
class RefusedDump final : public grpc::ServerWriteReactor<DumpTablesResponse> {
 public:
  explicit RefusedDump(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// What a waiting call has to say at one look.
struct WaitStep {
  bool is_over = false;
  grpc::Status status;
};

// Looks every kWaitStepMs until `look` says that it is over, the client left or the server stops.
class WaitingReactor final : public grpc::ServerUnaryReactor {
 public:
  WaitingReactor(const std::atomic<bool>& is_stopping, std::function<WaitStep()> look)
      : is_stopping_(is_stopping), look_(std::move(look)) {
    Look();
  }

  void OnCancel() override { is_cancelled_.store(true); }
  void OnDone() override { delete this; }

 private:
  void Look() {
    const WaitStep step = look_();
    if (step.is_over) {
      Finish(step.status);
    } else if (is_cancelled_.load()) {
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the client did not wait"));
    } else if (is_stopping_.load()) {
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the dataplane is stopping"));
    } else {
      alarm_.Set(std::chrono::system_clock::now() + std::chrono::milliseconds(kWaitStepMs),
                 [this](bool /*fired*/) { Look(); });
    }
  }

  const std::atomic<bool>& is_stopping_;
  std::function<WaitStep()> look_;
  std::atomic<bool> is_cancelled_{false};
  grpc::Alarm alarm_;
};

}  // namespace

statesync::Role ControlService::role() const {
  return RoleWord{setup_.shared->role.word.load(std::memory_order_acquire)}.role();
}

grpc::ServerUnaryReactor* ControlService::GetStatus(
    grpc::CallbackServerContext* context, const lockstep::control::GetStatusRequest* /*request*/,
    lockstep::control::Status* response) {
  *response = ReadStatus(setup_, MonotonicNs());
  const lockstep::control::ForwardingState forwarding = forwarding_.State();
  response->set_revision(forwarding.revision());
  response->set_hash(forwarding.hash());
  return Finished(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* ControlService::ListSessions(
    grpc::CallbackServerContext* context, const lockstep::control::ListSessionsRequest* request,
    lockstep::control::ListSessionsResponse* response) {
  const auto now_s = static_cast<std::uint32_t>(MonotonicNs() / 1'000'000'000);
  auto page = dataplane::ListSessions(*setup_.sessions, *request, now_s);
  if (!page.ok()) {
    return Finished(context, ToGrpc(page.status()));
  }
  *response = *std::move(page);
  return Finished(context, grpc::Status::OK);
}

grpc::ServerWriteReactor<DumpTablesResponse>* ControlService::DumpTables(
    grpc::CallbackServerContext* /*context*/, const lockstep::control::DumpTablesRequest* request) {
  if (!request->table().empty() && request->table() != "session") {
    return new RefusedDump(grpc::Status(
        grpc::StatusCode::INVALID_ARGUMENT,
        absl::StrCat("table: ", Quoted(request->table()), ": unknown; known: session")));
  }
  return new DumpReactor(*setup_.sessions);
}

grpc::ServerUnaryReactor* ControlService::GetStats(
    grpc::CallbackServerContext* context, const lockstep::control::GetStatsRequest* /*request*/,
    lockstep::control::Stats* response) {
  *response = ReadStats(setup_);
  return Finished(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* ControlService::GetPeer(
    grpc::CallbackServerContext* context, const lockstep::control::GetPeerRequest* /*request*/,
    lockstep::control::Peer* response) {
  *response = ReadPeer(setup_, MonotonicNs());
  return Finished(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* ControlService::Switchover(
    grpc::CallbackServerContext* context, const lockstep::control::SwitchoverRequest* /*request*/,
    lockstep::control::SwitchoverResponse* /*response*/) {
  if (const absl::Status status = CheckSwitchover(setup_); !status.ok()) {
    return Finished(context, ToGrpc(status));
  }
  Log(LogLevel::kNotice, "control", "switchover asked for by an operator");
  setup_.shared->requests.switchover.fetch_add(1);
  const std::int64_t deadline_ns = MonotonicNs() + std::int64_t{kPatienceMs} * 1'000'000;
  return new WaitingReactor(is_stopping_, [this, deadline_ns]() -> WaitStep {
    if (role() != statesync::Role::kActive) {
      return {true, grpc::Status::OK};
    }
    if (MonotonicNs() < deadline_ns) {
      return {};
    }
    const std::string refusal =
        setup_.ha == nullptr ? std::string() : setup_.ha->LastSwitchoverRefusal();
    return {true,
            grpc::Status(
                grpc::StatusCode::ABORTED,
                absl::StrCat("switchover: node ", setup_.options->name, " is still active: ",
                             refusal.empty() ? "the peer did not take over in time" : refusal))};
  });
}

grpc::ServerUnaryReactor* ControlService::Resync(
    grpc::CallbackServerContext* context, const lockstep::control::ResyncRequest* /*request*/,
    lockstep::control::ResyncResponse* /*response*/) {
  if (role() == statesync::Role::kActive) {
    return Finished(context, grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                                          absl::StrCat("resync: node ", setup_.options->name,
                                                       " is active and owns its tables; ask the "
                                                       "standby node")));
  }
  if (!setup_.shared->sync.peer_connected.load()) {
    return Finished(context, grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                                          "resync: no peer is connected on HA2; see lockstepctl "
                                          "peer"));
  }
  Log(LogLevel::kNotice, "control", "full transfer asked for by an operator");
  setup_.shared->requests.resync.fetch_add(1);
  return Finished(context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* ControlService::FillSessions(
    grpc::CallbackServerContext* context, const lockstep::control::FillSessionsRequest* request,
    lockstep::control::FillSessionsResponse* /*response*/) {
  if (role() != statesync::Role::kActive) {
    return Finished(
        context, grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                              absl::StrCat("fill-sessions: node ", setup_.options->name, " is ",
                                           std::string(NameOf(role())), "; ask the active node")));
  }
  if (request->count() > setup_.sessions->capacity()) {
    return Finished(context, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                                          absl::StrCat("count: ", request->count(),
                                                       ": the session table holds ",
                                                       setup_.sessions->capacity())));
  }
  Requests& requests = setup_.shared->requests;
  requests.fill_sessions_target.store(request->count());
  auto last_done = std::make_shared<std::uint64_t>(requests.fill_sessions_done.load());
  auto progress_ns = std::make_shared<std::int64_t>(MonotonicNs());
  return new WaitingReactor(
      is_stopping_, [&requests, target = request->count(), last_done, progress_ns]() -> WaitStep {
        const std::uint64_t done = requests.fill_sessions_done.load();
        const std::int64_t now_ns = MonotonicNs();
        if (done >= target) {
          return {true, grpc::Status::OK};
        }
        if (done != *last_done) {
          *last_done = done;
          *progress_ns = now_ns;
        }
        if (now_ns - *progress_ns < std::int64_t{kPatienceMs} * 1'000'000) {
          return {};
        }
        return {true, grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                   absl::StrCat("fill-sessions: ", done, " of ", target,
                                                " were made, then none for ", kPatienceMs,
                                                " ms; is the session table full? see lockstepctl "
                                                "stats"))};
      });
}

grpc::ServerUnaryReactor* ControlService::CorruptEntry(
    grpc::CallbackServerContext* context, const lockstep::control::CorruptEntryRequest* request,
    lockstep::control::CorruptEntryResponse* response) {
  const absl::StatusOr<DamageRequest> damage = PostDamage(setup_, *request, *response);
  if (!damage.ok()) {
    return Finished(context, ToGrpc(damage.status()));
  }
  const std::int64_t deadline_ns = MonotonicNs() + std::int64_t{kPatienceMs} * 1'000'000;
  return new WaitingReactor(is_stopping_, [this, deadline_ns, damage = *damage]() -> WaitStep {
    const std::uint64_t done = setup_.shared->requests.damage_done.load(std::memory_order_acquire);
    if (static_cast<std::uint32_t>(done) == damage.number()) {
      return {true, (done & kDamageWasDone) != 0
                        ? grpc::Status::OK
                        : grpc::Status(grpc::StatusCode::ABORTED,
                                       "corrupt-entry: the session was gone, or never replicated; "
                                       "name another")};
    }
    if (MonotonicNs() < deadline_ns) {
      return {};
    }
    return {true, grpc::Status(grpc::StatusCode::ABORTED,
                               "corrupt-entry: the sync loop did not answer; see the node's log")};
  });
}

namespace {

using ForwardingCall = absl::StatusOr<lockstep::control::ForwardingPlan> (ForwardingCalls::*)(
    const lockstep::control::ForwardingRequest&);

// gRPC keeps request and response until the reactor is finished.
grpc::ServerUnaryReactor* RunForwarding(ForwardingCalls& calls, ForwardingCall call,
                                        grpc::CallbackServerContext* context,
                                        const lockstep::control::ForwardingRequest* request,
                                        lockstep::control::ForwardingPlan* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const bool posted = calls.Post([&calls, call, request, response, reactor] {
    absl::StatusOr<lockstep::control::ForwardingPlan> plan = (calls.*call)(*request);
    if (plan.ok()) *response = *std::move(plan);
    reactor->Finish(ToGrpc(plan.status()));
  });
  if (!posted) {
    reactor->Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE,
                                 "forwarding: other changes are under way, or the dataplane is "
                                 "stopping; ask again"));
  }
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* ControlService::PlanForwarding(
    grpc::CallbackServerContext* context, const lockstep::control::ForwardingRequest* request,
    lockstep::control::ForwardingPlan* response) {
  return RunForwarding(forwarding_, &ForwardingCalls::Plan, context, request, response);
}

grpc::ServerUnaryReactor* ControlService::ApplyForwarding(
    grpc::CallbackServerContext* context, const lockstep::control::ForwardingRequest* request,
    lockstep::control::ForwardingPlan* response) {
  return RunForwarding(forwarding_, &ForwardingCalls::Apply, context, request, response);
}

grpc::ServerUnaryReactor* ControlService::GetForwarding(
    grpc::CallbackServerContext* context,
    const lockstep::control::GetForwardingRequest* /*request*/,
    lockstep::control::ForwardingState* response) {
  *response = forwarding_.State();
  return Finished(context, grpc::Status::OK);
}

}  // namespace dataplane
