// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Calls to lockstep-configd over its admin socket. Hides gRPC: only admin_client.cc includes it.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"

namespace lockstepctl {

inline constexpr std::size_t kAdminMessageBytesMax = 64 << 20;

// Every call has a deadline of `timeout_s` and returns the process's own status and message on
// failure.
class AdminClient {
 public:
  AdminClient(const std::string& socket, std::uint32_t timeout_s);
  ~AdminClient();

  // One for each method: the request's type says which. BeginHaEdit, EndHaEdit too.
  absl::StatusOr<lockstep::admin::ConfigStatus> Call(const lockstep::admin::GetStatusRequest&);
  absl::StatusOr<lockstep::admin::ShowResponse> Call(const lockstep::admin::ShowRequest&);
  absl::StatusOr<lockstep::admin::EditResponse> Call(const lockstep::admin::EditRequest&);
  absl::StatusOr<lockstep::admin::EditResponse> Call(const lockstep::admin::LoadRequest&);
  absl::StatusOr<lockstep::admin::EditResponse> Call(const lockstep::admin::ResetRequest&);
  absl::StatusOr<lockstep::admin::CompareResponse> Call(const lockstep::admin::CompareRequest&);
  absl::StatusOr<lockstep::admin::CommitResponse> Call(const lockstep::admin::CommitRequest&);
  absl::StatusOr<lockstep::admin::ConfirmResponse> Call(const lockstep::admin::ConfirmRequest&);
  absl::StatusOr<lockstep::admin::SaveResponse> Call(const lockstep::admin::SaveRequest&);
  absl::StatusOr<lockstep::admin::GetHistoryResponse> Call(
      const lockstep::admin::GetHistoryRequest&);
  absl::StatusOr<lockstep::admin::GetAuditResponse> Call(const lockstep::admin::GetAuditRequest&);
  absl::StatusOr<lockstep::admin::LockResponse> Call(const lockstep::admin::LockRequest&);
  absl::StatusOr<lockstep::admin::UnlockResponse> Call(const lockstep::admin::UnlockRequest&);
  absl::StatusOr<lockstep::admin::CompleteResponse> Call(const lockstep::admin::CompleteRequest&);
  absl::StatusOr<lockstep::admin::CommitResponse> Call(const lockstep::admin::BeginHaEditRequest&);
  absl::StatusOr<lockstep::admin::CommitResponse> Call(const lockstep::admin::EndHaEditRequest&);
  absl::StatusOr<lockstep::admin::ChangeMasterKeyResponse> Call(
      const lockstep::admin::ChangeMasterKeyRequest&);
  absl::StatusOr<lockstep::admin::VerifyStoreResponse> Call(
      const lockstep::admin::VerifyStoreRequest&);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstepctl
