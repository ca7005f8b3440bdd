// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/sync_client.h"

#include "proto/admin.grpc.pb.h"
#include "tools/lockstepctl/admin_client.h"
#include "tools/lockstepctl/connection.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;
using lockstep::admin::Sync;

}  // namespace

struct SyncClient::Impl : Connection<Sync> {
  Impl(const std::string& socket, std::uint32_t timeout_s)
      : Connection(socket, timeout_s, kAdminMessageBytesMax,
                   {.late = "what was asked may still happen: look at `config sync status`",
                    .who = "lockstep-configd",
                    .gone = "what was asked may have happened: look at `config sync status`"}) {}
};

SyncClient::SyncClient(const std::string& socket, std::uint32_t timeout_s)
    : impl_(std::make_unique<Impl>(socket, timeout_s)) {}

SyncClient::~SyncClient() = default;

absl::StatusOr<pb::SyncStatus> SyncClient::Call(const pb::GetSyncRequest& request) {
  return impl_->Call(&Sync::Stub::GetSync, request);
}

absl::StatusOr<pb::DifferenceResponse> SyncClient::Call(const pb::GetDifferenceRequest& request) {
  return impl_->Call(&Sync::Stub::GetDifference, request);
}

absl::StatusOr<pb::ExplainResponse> SyncClient::Call(const pb::ExplainRequest& request) {
  return impl_->Call(&Sync::Stub::Explain, request);
}

absl::StatusOr<pb::ManualResponse> SyncClient::Call(const pb::ManualRequest& request) {
  return impl_->Call(&Sync::Stub::Manual, request);
}

absl::StatusOr<pb::ApplyHeldResponse> SyncClient::Call(const pb::ApplyHeldRequest& request) {
  return impl_->Call(&Sync::Stub::ApplyHeld, request);
}

absl::StatusOr<pb::PinResponse> SyncClient::Call(const pb::PinRequest& request) {
  return impl_->Call(&Sync::Stub::Pin, request);
}

absl::StatusOr<pb::PairingResponse> SyncClient::Call(const pb::BeginPairingRequest& request) {
  return impl_->Call(&Sync::Stub::BeginPairing, request);
}

absl::StatusOr<pb::PairingResponse> SyncClient::Call(const pb::ConfirmPairingRequest& request) {
  return impl_->Call(&Sync::Stub::ConfirmPairing, request);
}

absl::StatusOr<pb::PairingResponse> SyncClient::Call(const pb::CancelPairingRequest& request) {
  return impl_->Call(&Sync::Stub::CancelPairing, request);
}

absl::StatusOr<pb::PairingResponse> SyncClient::Call(const pb::GetPairingRequest& request) {
  return impl_->Call(&Sync::Stub::GetPairing, request);
}

absl::StatusOr<pb::ListDevicesResponse> SyncClient::Call(const pb::ListDevicesRequest& request) {
  return impl_->Call(&Sync::Stub::ListDevices, request);
}

absl::StatusOr<pb::ListDevicesResponse> SyncClient::Call(const pb::ChangeDeviceRequest& request) {
  return impl_->Call(&Sync::Stub::ChangeDevice, request);
}

}  // namespace lockstepctl
