// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The methods of service Sync without gRPC: messages in, PairSync, messages out. What is about
// identity is in device_methods.h.
//
// Secrets leave as fingerprints: every value goes through SchemaText::Printed().
//
// Threads: thread-safe, as PairSync is.

#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "configsync/admin/roles.h"
#include "configsync/admin/schema_text.h"
#include "configsync/engine/engine.h"
#include "configsync/pair/pair_sync.h"
#include "proto/admin.pb.h"

namespace configsync {

inline constexpr std::size_t kNameBytesMax = 255;  // Of a remote, a category, a confirmation.

class SyncCalls {
 public:
  // Borrowed; they outlive this.
  struct Setup {
    PairSync* pair = nullptr;  // Null: a node alone; every method says so.
    ConfigEngine* engine = nullptr;
    const SchemaText* text = nullptr;
    RoleGroups groups;
  };
  explicit SyncCalls(Setup setup) : setup_(std::move(setup)) {}

  // One for each method. Errors: kFailedPrecondition (a node alone, no remote), kNotFound (a remote
  // that is not configured), kInvalidArgument (a bound or a word of the message),
  // kPermissionDenied, and what PairSync says.
  absl::Status GetSync(const Caller& caller, const lockstep::admin::GetSyncRequest& request,
                       lockstep::admin::SyncStatus& response);
  absl::Status GetDifference(const Caller& caller,
                             const lockstep::admin::GetDifferenceRequest& request,
                             lockstep::admin::DifferenceResponse& response);
  absl::Status Explain(const Caller& caller, const lockstep::admin::ExplainRequest& request,
                       lockstep::admin::ExplainResponse& response);
  absl::Status Manual(const Caller& caller, const lockstep::admin::ManualRequest& request,
                      lockstep::admin::ManualResponse& response);
  absl::Status ApplyHeld(const Caller& caller, const lockstep::admin::ApplyHeldRequest& request,
                         lockstep::admin::ApplyHeldResponse& response);
  absl::Status Pin(const Caller& caller, const lockstep::admin::PinRequest& request,
                   lockstep::admin::PinResponse& response);

  [[nodiscard]] const RoleGroups& groups() const { return setup_.groups; }

 private:
  void AuditRefusal(const Caller& caller, std::string_view kind, std::string why);

  Setup setup_;
};

// What a call of service Sync answers on a node alone.
[[nodiscard]] absl::Status NoSync();

}  // namespace configsync
