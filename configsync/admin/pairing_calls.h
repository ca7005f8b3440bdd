// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The methods of service Sync about pairing and devices: messages in, Pairing and DeviceStore,
// messages out. No answer has a password or a key.
//
// Threads: thread-safe, as those are.

#pragma once

#include <functional>
#include <string>

#include "configsync/admin/device_methods.h"
#include "configsync/devices/device.h"
#include "configsync/peer/pairing.h"

namespace configsync {

class DeviceCalls final : public DeviceMethods {
 public:
  // Borrowed; they outlive this.
  struct Setup {
    DeviceStore* devices = nullptr;
    Pairing* pairing = nullptr;  // Null: a node without a peer service; it says so.
    std::function<void(const Operator&, const std::string& detail, const std::string& outcome)>
        audit;
    // After a device was revoked, forgotten or renewed: who talks to it has to look again.
    std::function<void()> changed;
  };
  explicit DeviceCalls(Setup setup) : setup_(std::move(setup)) {}

  // Errors: as of Pairing. They return at once: the answer is the state, to be asked for again.
  absl::Status BeginPairing(const Caller& caller,
                            const lockstep::admin::BeginPairingRequest& request,
                            lockstep::admin::PairingResponse& response) override;
  absl::Status ConfirmPairing(const Caller& caller,
                              const lockstep::admin::ConfirmPairingRequest& request,
                              lockstep::admin::PairingResponse& response) override;
  absl::Status CancelPairing(const Caller& caller,
                             const lockstep::admin::CancelPairingRequest& request,
                             lockstep::admin::PairingResponse& response) override;
  absl::Status GetPairing(const Caller& caller, const lockstep::admin::GetPairingRequest& request,
                          lockstep::admin::PairingResponse& response) override;
  // This node first, then the others by name.
  absl::Status ListDevices(const Caller& caller, const lockstep::admin::ListDevicesRequest& request,
                           lockstep::admin::ListDevicesResponse& response) override;
  // `device`: an id, or a name that only one device has. Errors: kNotFound, kInvalidArgument.
  absl::Status ChangeDevice(const Caller& caller,
                            const lockstep::admin::ChangeDeviceRequest& request,
                            lockstep::admin::ListDevicesResponse& response) override;

 private:
  [[nodiscard]] absl::StatusOr<std::string> IdOf(const std::string& word) const;
  void Answer(lockstep::admin::PairingResponse& response);

  Setup setup_;
};

}  // namespace configsync
