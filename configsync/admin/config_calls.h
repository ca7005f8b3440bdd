// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The methods of admin.proto without gRPC: messages in, engine, messages out.
//
// A configuration that is wrong is an answer with problems; a call that cannot be served is an
// error status. Who may call what is decided before (roles.h), but for what depends on the message.
//
// Threads: thread-safe, as the engine is.

#pragma once

#include <string>

#include "absl/status/status.h"
#include "configsync/admin/roles.h"
#include "configsync/admin/schema_text.h"
#include "configsync/engine/engine.h"
#include "configsync/pair/pair_sync.h"
#include "proto/admin.pb.h"

namespace configsync {

inline constexpr std::size_t kAdminMessageBytesMax = 64 << 20;
inline constexpr std::size_t kEditsMax = 100'000;     // Of one Edit call; Load takes more.
inline constexpr std::size_t kEditWordsMax = 64;      // Of one edit.
inline constexpr std::size_t kWordBytesMax = 65'536;  // A certificate fits.
inline constexpr std::uint32_t kHistoryMax = 1'000;   // Revisions, or audit records.
inline constexpr std::uint32_t kHistoryDefault = 50;
inline constexpr std::uint32_t kLeaseSecondsDefault = 600;

class ConfigCalls {
 public:
  // Borrowed; they outlive this.
  struct Setup {
    ConfigEngine* engine = nullptr;
    const SchemaText* text = nullptr;
    RoleGroups groups;
    std::string version;
    PairSync* pair = nullptr;  // For what the status says of remotes. Null: a node alone.
  };
  explicit ConfigCalls(Setup setup) : setup_(std::move(setup)) {}

  // One for each method. Errors: kInvalidArgument (a bound of the message), kPermissionDenied,
  // and what the engine says.
  template <typename Request, typename Response>
  using Method = absl::Status (ConfigCalls::*)(const Caller&, const Request&, Response&);

  absl::Status GetStatus(const Caller& caller, const lockstep::admin::GetStatusRequest& request,
                         lockstep::admin::ConfigStatus& response);
  absl::Status Show(const Caller& caller, const lockstep::admin::ShowRequest& request,
                    lockstep::admin::ShowResponse& response);
  absl::Status Edit(const Caller& caller, const lockstep::admin::EditRequest& request,
                    lockstep::admin::EditResponse& response);
  absl::Status Load(const Caller& caller, const lockstep::admin::LoadRequest& request,
                    lockstep::admin::EditResponse& response);
  absl::Status Reset(const Caller& caller, const lockstep::admin::ResetRequest& request,
                     lockstep::admin::EditResponse& response);
  absl::Status Compare(const Caller& caller, const lockstep::admin::CompareRequest& request,
                       lockstep::admin::CompareResponse& response);
  absl::Status Commit(const Caller& caller, const lockstep::admin::CommitRequest& request,
                      lockstep::admin::CommitResponse& response);
  absl::Status Confirm(const Caller& caller, const lockstep::admin::ConfirmRequest& request,
                       lockstep::admin::ConfirmResponse& response);
  absl::Status Save(const Caller& caller, const lockstep::admin::SaveRequest& request,
                    lockstep::admin::SaveResponse& response);
  absl::Status GetHistory(const Caller& caller, const lockstep::admin::GetHistoryRequest& request,
                          lockstep::admin::GetHistoryResponse& response);
  absl::Status GetAudit(const Caller& caller, const lockstep::admin::GetAuditRequest& request,
                        lockstep::admin::GetAuditResponse& response);
  absl::Status Lock(const Caller& caller, const lockstep::admin::LockRequest& request,
                    lockstep::admin::LockResponse& response);
  absl::Status Unlock(const Caller& caller, const lockstep::admin::UnlockRequest& request,
                      lockstep::admin::UnlockResponse& response);
  absl::Status Complete(const Caller& caller, const lockstep::admin::CompleteRequest& request,
                        lockstep::admin::CompleteResponse& response);
  absl::Status BeginHaEdit(const Caller& caller, const lockstep::admin::BeginHaEditRequest& request,
                           lockstep::admin::CommitResponse& response);
  absl::Status EndHaEdit(const Caller& caller, const lockstep::admin::EndHaEditRequest& request,
                         lockstep::admin::CommitResponse& response);
  absl::Status ChangeMasterKey(const Caller& caller,
                               const lockstep::admin::ChangeMasterKeyRequest& request,
                               lockstep::admin::ChangeMasterKeyResponse& response);
  absl::Status VerifyStore(const Caller& caller, const lockstep::admin::VerifyStoreRequest& request,
                           lockstep::admin::VerifyStoreResponse& response);

  [[nodiscard]] const RoleGroups& groups() const { return setup_.groups; }

 private:
  Setup setup_;
};

}  // namespace configsync
