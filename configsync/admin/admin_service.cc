// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/admin_service.h"

namespace configsync {

grpc::ServerUnaryReactor* AdminService::GetStatus(Context* context,
                                                  const lockstep::admin::GetStatusRequest* request,
                                                  lockstep::admin::ConfigStatus* response) {
  return queue_.Answer("GetStatus", &calls_, &ConfigCalls::GetStatus, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Show(Context* context,
                                             const lockstep::admin::ShowRequest* request,
                                             lockstep::admin::ShowResponse* response) {
  return queue_.Answer("Show", &calls_, &ConfigCalls::Show, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Edit(Context* context,
                                             const lockstep::admin::EditRequest* request,
                                             lockstep::admin::EditResponse* response) {
  return queue_.Answer("Edit", &calls_, &ConfigCalls::Edit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Load(Context* context,
                                             const lockstep::admin::LoadRequest* request,
                                             lockstep::admin::EditResponse* response) {
  return queue_.Answer("Load", &calls_, &ConfigCalls::Load, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Reset(Context* context,
                                              const lockstep::admin::ResetRequest* request,
                                              lockstep::admin::EditResponse* response) {
  return queue_.Answer("Reset", &calls_, &ConfigCalls::Reset, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Compare(Context* context,
                                                const lockstep::admin::CompareRequest* request,
                                                lockstep::admin::CompareResponse* response) {
  return queue_.Answer("Compare", &calls_, &ConfigCalls::Compare, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Commit(Context* context,
                                               const lockstep::admin::CommitRequest* request,
                                               lockstep::admin::CommitResponse* response) {
  return queue_.Answer("Commit", &calls_, &ConfigCalls::Commit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Confirm(Context* context,
                                                const lockstep::admin::ConfirmRequest* request,
                                                lockstep::admin::ConfirmResponse* response) {
  return queue_.Answer("Confirm", &calls_, &ConfigCalls::Confirm, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Save(Context* context,
                                             const lockstep::admin::SaveRequest* request,
                                             lockstep::admin::SaveResponse* response) {
  return queue_.Answer("Save", &calls_, &ConfigCalls::Save, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::GetHistory(
    Context* context, const lockstep::admin::GetHistoryRequest* request,
    lockstep::admin::GetHistoryResponse* response) {
  return queue_.Answer("GetHistory", &calls_, &ConfigCalls::GetHistory, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::GetAudit(Context* context,
                                                 const lockstep::admin::GetAuditRequest* request,
                                                 lockstep::admin::GetAuditResponse* response) {
  return queue_.Answer("GetAudit", &calls_, &ConfigCalls::GetAudit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Lock(Context* context,
                                             const lockstep::admin::LockRequest* request,
                                             lockstep::admin::LockResponse* response) {
  return queue_.Answer("Lock", &calls_, &ConfigCalls::Lock, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Unlock(Context* context,
                                               const lockstep::admin::UnlockRequest* request,
                                               lockstep::admin::UnlockResponse* response) {
  return queue_.Answer("Unlock", &calls_, &ConfigCalls::Unlock, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::Complete(Context* context,
                                                 const lockstep::admin::CompleteRequest* request,
                                                 lockstep::admin::CompleteResponse* response) {
  return queue_.Answer("Complete", &calls_, &ConfigCalls::Complete, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::BeginHaEdit(
    Context* context, const lockstep::admin::BeginHaEditRequest* request,
    lockstep::admin::CommitResponse* response) {
  return queue_.Answer("BeginHaEdit", &calls_, &ConfigCalls::BeginHaEdit, context, request,
                       response);
}

grpc::ServerUnaryReactor* AdminService::EndHaEdit(Context* context,
                                                  const lockstep::admin::EndHaEditRequest* request,
                                                  lockstep::admin::CommitResponse* response) {
  return queue_.Answer("EndHaEdit", &calls_, &ConfigCalls::EndHaEdit, context, request, response);
}

grpc::ServerUnaryReactor* AdminService::ChangeMasterKey(
    Context* context, const lockstep::admin::ChangeMasterKeyRequest* request,
    lockstep::admin::ChangeMasterKeyResponse* response) {
  return queue_.Answer("ChangeMasterKey", &calls_, &ConfigCalls::ChangeMasterKey, context, request,
                       response);
}

grpc::ServerUnaryReactor* AdminService::VerifyStore(
    Context* context, const lockstep::admin::VerifyStoreRequest* request,
    lockstep::admin::VerifyStoreResponse* response) {
  return queue_.Answer("VerifyStore", &calls_, &ConfigCalls::VerifyStore, context, request,
                       response);
}

}  // namespace configsync
