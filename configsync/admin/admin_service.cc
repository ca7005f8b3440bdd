// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/admin_service.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "configsync/log/log.h"
#include "configsync/status_grpc.h"

namespace configsync {

// The role is checked on gRPC's thread: a caller without it costs the pool nothing.
template <typename Request, typename Response>
grpc::ServerUnaryReactor* AdminService::Answer(std::string_view name,
                                               ConfigCalls::Method<Request, Response> method,
                                               Context* context, const Request* request,
                                               Response* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const MethodRole& row = RowOf(name);
  if (!caller_.roles.Has(row.role)) {
    const std::string text = RefusalText(name, row.role, caller_, calls_.groups());
    Log(LogLevel::kWarning, "admin", absl::StrCat("refused: ", text));
    reactor->Finish(GrpcStatus(absl::PermissionDeniedError(text)));
    return reactor;
  }
  active_count_.fetch_add(1);
  WorkPool& pool = row.lane == Lane::kSlow ? pools_.slow : pools_.quick;
  const bool is_queued = pool.Submit([this, method, context, request, response, reactor] {
    absl::Status status =
        absl::DeadlineExceededError("the caller's deadline passed before its turn came");
    if (!context->IsCancelled()) status = std::invoke(method, calls_, caller_, *request, *response);
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

grpc::ServerUnaryReactor* AdminService::GetStatus(Context* context,
                                                  const lockstep::admin::GetStatusRequest* request,
                                                  lockstep::admin::ConfigStatus* response) {
  return Answer("GetStatus", &ConfigCalls::GetStatus, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Show(Context* context,
                                             const lockstep::admin::ShowRequest* request,
                                             lockstep::admin::ShowResponse* response) {
  return Answer("Show", &ConfigCalls::Show, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Edit(Context* context,
                                             const lockstep::admin::EditRequest* request,
                                             lockstep::admin::EditResponse* response) {
  return Answer("Edit", &ConfigCalls::Edit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Load(Context* context,
                                             const lockstep::admin::LoadRequest* request,
                                             lockstep::admin::EditResponse* response) {
  return Answer("Load", &ConfigCalls::Load, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Reset(Context* context,
                                              const lockstep::admin::ResetRequest* request,
                                              lockstep::admin::EditResponse* response) {
  return Answer("Reset", &ConfigCalls::Reset, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Compare(Context* context,
                                                const lockstep::admin::CompareRequest* request,
                                                lockstep::admin::CompareResponse* response) {
  return Answer("Compare", &ConfigCalls::Compare, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Commit(Context* context,
                                               const lockstep::admin::CommitRequest* request,
                                               lockstep::admin::CommitResponse* response) {
  return Answer("Commit", &ConfigCalls::Commit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Confirm(Context* context,
                                                const lockstep::admin::ConfirmRequest* request,
                                                lockstep::admin::ConfirmResponse* response) {
  return Answer("Confirm", &ConfigCalls::Confirm, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Save(Context* context,
                                             const lockstep::admin::SaveRequest* request,
                                             lockstep::admin::SaveResponse* response) {
  return Answer("Save", &ConfigCalls::Save, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::GetHistory(
    Context* context, const lockstep::admin::GetHistoryRequest* request,
    lockstep::admin::GetHistoryResponse* response) {
  return Answer("GetHistory", &ConfigCalls::GetHistory, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::GetAudit(Context* context,
                                                 const lockstep::admin::GetAuditRequest* request,
                                                 lockstep::admin::GetAuditResponse* response) {
  return Answer("GetAudit", &ConfigCalls::GetAudit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Lock(Context* context,
                                             const lockstep::admin::LockRequest* request,
                                             lockstep::admin::LockResponse* response) {
  return Answer("Lock", &ConfigCalls::Lock, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Unlock(Context* context,
                                               const lockstep::admin::UnlockRequest* request,
                                               lockstep::admin::UnlockResponse* response) {
  return Answer("Unlock", &ConfigCalls::Unlock, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Complete(Context* context,
                                                 const lockstep::admin::CompleteRequest* request,
                                                 lockstep::admin::CompleteResponse* response) {
  return Answer("Complete", &ConfigCalls::Complete, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::BeginHaEdit(
    Context* context, const lockstep::admin::BeginHaEditRequest* request,
    lockstep::admin::CommitResponse* response) {
  return Answer("BeginHaEdit", &ConfigCalls::BeginHaEdit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::EndHaEdit(Context* context,
                                                  const lockstep::admin::EndHaEditRequest* request,
                                                  lockstep::admin::CommitResponse* response) {
  return Answer("EndHaEdit", &ConfigCalls::EndHaEdit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::ChangeMasterKey(
    Context* context, const lockstep::admin::ChangeMasterKeyRequest* request,
    lockstep::admin::ChangeMasterKeyResponse* response) {
  return Answer("ChangeMasterKey", &ConfigCalls::ChangeMasterKey, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::VerifyStore(
    Context* context, const lockstep::admin::VerifyStoreRequest* request,
    lockstep::admin::VerifyStoreResponse* response) {
  return Answer("VerifyStore", &ConfigCalls::VerifyStore, context, request, response);
}

}  // namespace configsync
