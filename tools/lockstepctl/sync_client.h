// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Calls to lockstep-configd's service Sync, on the same socket as admin_client.h. Hides gRPC: only
// sync_client.cc includes it.
//
// Threads: one.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/admin.pb.h"

namespace lockstepctl {

// As AdminClient.
class SyncClient {
 public:
  SyncClient(const std::string& socket, std::uint32_t timeout_s);
  ~SyncClient();

  absl::StatusOr<lockstep::admin::SyncStatus> Call(const lockstep::admin::GetSyncRequest&);
  absl::StatusOr<lockstep::admin::DifferenceResponse> Call(
      const lockstep::admin::GetDifferenceRequest&);
  absl::StatusOr<lockstep::admin::ExplainResponse> Call(const lockstep::admin::ExplainRequest&);
  absl::StatusOr<lockstep::admin::ManualResponse> Call(const lockstep::admin::ManualRequest&);
  absl::StatusOr<lockstep::admin::ApplyHeldResponse> Call(const lockstep::admin::ApplyHeldRequest&);
  absl::StatusOr<lockstep::admin::PinResponse> Call(const lockstep::admin::PinRequest&);
  absl::StatusOr<lockstep::admin::PairingResponse> Call(
      const lockstep::admin::BeginPairingRequest&);
  absl::StatusOr<lockstep::admin::PairingResponse> Call(
      const lockstep::admin::ConfirmPairingRequest&);
  absl::StatusOr<lockstep::admin::PairingResponse> Call(
      const lockstep::admin::CancelPairingRequest&);
  absl::StatusOr<lockstep::admin::PairingResponse> Call(const lockstep::admin::GetPairingRequest&);
  absl::StatusOr<lockstep::admin::ListDevicesResponse> Call(
      const lockstep::admin::ListDevicesRequest&);
  absl::StatusOr<lockstep::admin::ListDevicesResponse> Call(
      const lockstep::admin::ChangeDeviceRequest&);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lockstepctl
