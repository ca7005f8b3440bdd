// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The methods of service Sync that are about identity: pairing, and the devices that are known.
// pairing_calls.h implements them; the service checks roles before.
//
// Threads: thread-safe. BeginPairing may wait for the end of the pairing before, half a minute.

#pragma once

#include "absl/status/status.h"
#include "configsync/admin/roles.h"
#include "proto/admin.pb.h"

namespace configsync {

class DeviceMethods {
 public:
  virtual ~DeviceMethods() = default;
  virtual absl::Status BeginPairing(const Caller& caller,
                                    const lockstep::admin::BeginPairingRequest& request,
                                    lockstep::admin::PairingResponse& response) = 0;
  virtual absl::Status ConfirmPairing(const Caller& caller,
                                      const lockstep::admin::ConfirmPairingRequest& request,
                                      lockstep::admin::PairingResponse& response) = 0;
  virtual absl::Status CancelPairing(const Caller& caller,
                                     const lockstep::admin::CancelPairingRequest& request,
                                     lockstep::admin::PairingResponse& response) = 0;
  virtual absl::Status GetPairing(const Caller& caller,
                                  const lockstep::admin::GetPairingRequest& request,
                                  lockstep::admin::PairingResponse& response) = 0;
  virtual absl::Status ListDevices(const Caller& caller,
                                   const lockstep::admin::ListDevicesRequest& request,
                                   lockstep::admin::ListDevicesResponse& response) = 0;
  virtual absl::Status ChangeDevice(const Caller& caller,
                                    const lockstep::admin::ChangeDeviceRequest& request,
                                    lockstep::admin::ListDevicesResponse& response) = 0;
};

}  // namespace configsync
