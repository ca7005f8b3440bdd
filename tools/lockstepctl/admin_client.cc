// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/admin_client.h"

#include "proto/admin.grpc.pb.h"
#include "tools/lockstepctl/connection.h"

namespace lockstepctl {
namespace {

using lockstep::admin::Config;

}  // namespace

struct AdminClient::Impl : Connection<Config> {
  Impl(const std::string& socket, std::uint32_t timeout_s)
      : Connection(socket, timeout_s, kAdminMessageBytesMax,
                   {.late = "what was asked may still happen: look at `config status`",
                    .who = "lockstep-configd",
                    .gone = "what was asked may have happened: look at `config status`"}) {}
};

AdminClient::AdminClient(const std::string& socket, std::uint32_t timeout_s)
    : impl_(std::make_unique<Impl>(socket, timeout_s)) {}

AdminClient::~AdminClient() = default;

absl::StatusOr<lockstep::admin::ConfigStatus> AdminClient::Call(
    const lockstep::admin::GetStatusRequest& request) {
  return impl_->Call(&Config::Stub::GetStatus, request);
}

absl::StatusOr<lockstep::admin::ShowResponse> AdminClient::Call(
    const lockstep::admin::ShowRequest& request) {
  return impl_->Call(&Config::Stub::Show, request);
}

absl::StatusOr<lockstep::admin::EditResponse> AdminClient::Call(
    const lockstep::admin::EditRequest& request) {
  return impl_->Call(&Config::Stub::Edit, request);
}

absl::StatusOr<lockstep::admin::EditResponse> AdminClient::Call(
    const lockstep::admin::LoadRequest& request) {
  return impl_->Call(&Config::Stub::Load, request);
}

absl::StatusOr<lockstep::admin::EditResponse> AdminClient::Call(
    const lockstep::admin::ResetRequest& request) {
  return impl_->Call(&Config::Stub::Reset, request);
}

absl::StatusOr<lockstep::admin::CompareResponse> AdminClient::Call(
    const lockstep::admin::CompareRequest& request) {
  return impl_->Call(&Config::Stub::Compare, request);
}

absl::StatusOr<lockstep::admin::CommitResponse> AdminClient::Call(
    const lockstep::admin::CommitRequest& request) {
  return impl_->Call(&Config::Stub::Commit, request);
}

absl::StatusOr<lockstep::admin::ConfirmResponse> AdminClient::Call(
    const lockstep::admin::ConfirmRequest& request) {
  return impl_->Call(&Config::Stub::Confirm, request);
}

absl::StatusOr<lockstep::admin::SaveResponse> AdminClient::Call(
    const lockstep::admin::SaveRequest& request) {
  return impl_->Call(&Config::Stub::Save, request);
}

absl::StatusOr<lockstep::admin::GetHistoryResponse> AdminClient::Call(
    const lockstep::admin::GetHistoryRequest& request) {
  return impl_->Call(&Config::Stub::GetHistory, request);
}

absl::StatusOr<lockstep::admin::GetAuditResponse> AdminClient::Call(
    const lockstep::admin::GetAuditRequest& request) {
  return impl_->Call(&Config::Stub::GetAudit, request);
}

absl::StatusOr<lockstep::admin::LockResponse> AdminClient::Call(
    const lockstep::admin::LockRequest& request) {
  return impl_->Call(&Config::Stub::Lock, request);
}

absl::StatusOr<lockstep::admin::UnlockResponse> AdminClient::Call(
    const lockstep::admin::UnlockRequest& request) {
  return impl_->Call(&Config::Stub::Unlock, request);
}

absl::StatusOr<lockstep::admin::CompleteResponse> AdminClient::Call(
    const lockstep::admin::CompleteRequest& request) {
  return impl_->Call(&Config::Stub::Complete, request);
}

absl::StatusOr<lockstep::admin::CommitResponse> AdminClient::Call(
    const lockstep::admin::BeginHaEditRequest& request) {
  return impl_->Call(&Config::Stub::BeginHaEdit, request);
}

absl::StatusOr<lockstep::admin::CommitResponse> AdminClient::Call(
    const lockstep::admin::EndHaEditRequest& request) {
  return impl_->Call(&Config::Stub::EndHaEdit, request);
}

absl::StatusOr<lockstep::admin::ChangeMasterKeyResponse> AdminClient::Call(
    const lockstep::admin::ChangeMasterKeyRequest& request) {
  return impl_->Call(&Config::Stub::ChangeMasterKey, request);
}

absl::StatusOr<lockstep::admin::VerifyStoreResponse> AdminClient::Call(
    const lockstep::admin::VerifyStoreRequest& request) {
  return impl_->Call(&Config::Stub::VerifyStore, request);
}

}  // namespace lockstepctl
