// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/sync_service.h"

namespace configsync {

grpc::ServerUnaryReactor* SyncService::GetSync(Context* context,
                                               const lockstep::admin::GetSyncRequest* request,
                                               lockstep::admin::SyncStatus* response) {
  return queue_.Answer("GetSync", calls_, &SyncCalls::GetSync, context, request, response);
}

grpc::ServerUnaryReactor* SyncService::GetDifference(
    Context* context, const lockstep::admin::GetDifferenceRequest* request,
    lockstep::admin::DifferenceResponse* response) {
  return queue_.Answer("GetDifference", calls_, &SyncCalls::GetDifference, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::Explain(Context* context,
                                               const lockstep::admin::ExplainRequest* request,
                                               lockstep::admin::ExplainResponse* response) {
  return queue_.Answer("Explain", calls_, &SyncCalls::Explain, context, request, response);
}

grpc::ServerUnaryReactor* SyncService::Manual(Context* context,
                                              const lockstep::admin::ManualRequest* request,
                                              lockstep::admin::ManualResponse* response) {
  return queue_.Answer("Manual", calls_, &SyncCalls::Manual, context, request, response);
}

grpc::ServerUnaryReactor* SyncService::ApplyHeld(Context* context,
                                                 const lockstep::admin::ApplyHeldRequest* request,
                                                 lockstep::admin::ApplyHeldResponse* response) {
  return queue_.Answer("ApplyHeld", calls_, &SyncCalls::ApplyHeld, context, request, response);
}

grpc::ServerUnaryReactor* SyncService::Pin(Context* context,
                                           const lockstep::admin::PinRequest* request,
                                           lockstep::admin::PinResponse* response) {
  return queue_.Answer("Pin", calls_, &SyncCalls::Pin, context, request, response);
}

grpc::ServerUnaryReactor* SyncService::BeginPairing(
    Context* context, const lockstep::admin::BeginPairingRequest* request,
    lockstep::admin::PairingResponse* response) {
  return queue_.Answer("BeginPairing", devices_, &DeviceMethods::BeginPairing, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::ConfirmPairing(
    Context* context, const lockstep::admin::ConfirmPairingRequest* request,
    lockstep::admin::PairingResponse* response) {
  return queue_.Answer("ConfirmPairing", devices_, &DeviceMethods::ConfirmPairing, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::CancelPairing(
    Context* context, const lockstep::admin::CancelPairingRequest* request,
    lockstep::admin::PairingResponse* response) {
  return queue_.Answer("CancelPairing", devices_, &DeviceMethods::CancelPairing, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::GetPairing(Context* context,
                                                  const lockstep::admin::GetPairingRequest* request,
                                                  lockstep::admin::PairingResponse* response) {
  return queue_.Answer("GetPairing", devices_, &DeviceMethods::GetPairing, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::ListDevices(
    Context* context, const lockstep::admin::ListDevicesRequest* request,
    lockstep::admin::ListDevicesResponse* response) {
  return queue_.Answer("ListDevices", devices_, &DeviceMethods::ListDevices, context, request,
                       response);
}

grpc::ServerUnaryReactor* SyncService::ChangeDevice(
    Context* context, const lockstep::admin::ChangeDeviceRequest* request,
    lockstep::admin::ListDevicesResponse* response) {
  return queue_.Answer("ChangeDevice", devices_, &DeviceMethods::ChangeDevice, context, request,
                       response);
}

}  // namespace configsync
