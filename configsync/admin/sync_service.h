// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Service Sync of one connection: every method goes through the caller's queue. On a node alone
// each answers that there is nobody to synchronise with.
//
// Threads: gRPC's call the methods; the pools' run them.

#pragma once

#include "configsync/admin/caller_queue.h"
#include "configsync/admin/device_methods.h"
#include "configsync/admin/sync_calls.h"
#include "proto/admin.grpc.pb.h"

namespace configsync {

class SyncService final : public lockstep::admin::Sync::CallbackService {
 public:
  // Borrows all three; the last two may be null.
  SyncService(CallerQueue& queue, SyncCalls* calls, DeviceMethods* devices)
      : queue_(queue), calls_(calls), devices_(devices) {}

  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* GetSync(Context* context,
                                    const lockstep::admin::GetSyncRequest* request,
                                    lockstep::admin::SyncStatus* response) override;
  grpc::ServerUnaryReactor* GetDifference(Context* context,
                                          const lockstep::admin::GetDifferenceRequest* request,
                                          lockstep::admin::DifferenceResponse* response) override;
  grpc::ServerUnaryReactor* Explain(Context* context,
                                    const lockstep::admin::ExplainRequest* request,
                                    lockstep::admin::ExplainResponse* response) override;
  grpc::ServerUnaryReactor* Manual(Context* context, const lockstep::admin::ManualRequest* request,
                                   lockstep::admin::ManualResponse* response) override;
  grpc::ServerUnaryReactor* ApplyHeld(Context* context,
                                      const lockstep::admin::ApplyHeldRequest* request,
                                      lockstep::admin::ApplyHeldResponse* response) override;
  grpc::ServerUnaryReactor* Pin(Context* context, const lockstep::admin::PinRequest* request,
                                lockstep::admin::PinResponse* response) override;
  grpc::ServerUnaryReactor* BeginPairing(Context* context,
                                         const lockstep::admin::BeginPairingRequest* request,
                                         lockstep::admin::PairingResponse* response) override;
  grpc::ServerUnaryReactor* ConfirmPairing(Context* context,
                                           const lockstep::admin::ConfirmPairingRequest* request,
                                           lockstep::admin::PairingResponse* response) override;
  grpc::ServerUnaryReactor* CancelPairing(Context* context,
                                          const lockstep::admin::CancelPairingRequest* request,
                                          lockstep::admin::PairingResponse* response) override;
  grpc::ServerUnaryReactor* GetPairing(Context* context,
                                       const lockstep::admin::GetPairingRequest* request,
                                       lockstep::admin::PairingResponse* response) override;
  grpc::ServerUnaryReactor* ListDevices(Context* context,
                                        const lockstep::admin::ListDevicesRequest* request,
                                        lockstep::admin::ListDevicesResponse* response) override;
  grpc::ServerUnaryReactor* ChangeDevice(Context* context,
                                         const lockstep::admin::ChangeDeviceRequest* request,
                                         lockstep::admin::ListDevicesResponse* response) override;

 private:
  CallerQueue& queue_;
  SyncCalls* calls_;
  DeviceMethods* devices_;
};

}  // namespace configsync
