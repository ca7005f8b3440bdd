// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/admin/pairing_calls.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace configsync {
namespace {

namespace pb = lockstep::admin;

constexpr std::size_t kWordBytesMax = 255;

std::string_view NameOf(PairingState state) {
  constexpr std::array<std::string_view, 6> kNames{"none",      "waiting", "comparing",
                                                   "confirmed", "done",    "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

Operator OperatorOf(const Caller& caller) { return {.user_id = caller.user, .name = caller.name}; }

absl::Status NoPairing() {
  return absl::FailedPreconditionError(
      "this node listens for no other nodes; start lockstep-configd with --ha1 ADDRESS");
}

absl::Status TooLong(std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), ": at most ", kWordBytesMax, " characters are allowed"));
}

std::string TimeText(std::int64_t unix_s) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", absl::FromUnixSeconds(unix_s),
                          absl::UTCTimeZone());
}

void AddDevice(const Certificate& certificate, const std::string& name, pb::Device& device) {
  device.set_device(certificate.device);
  device.set_name(name);
  device.set_sha256(certificate.sha256);
  device.set_not_before(TimeText(certificate.not_before_s));
  device.set_not_after(TimeText(certificate.not_after_s));
}

}  // namespace

void DeviceCalls::Answer(pb::PairingResponse& response) {
  const PairingStatus status = setup_.pairing->Status();
  response.set_state(std::string(NameOf(status.state)));
  response.set_code(status.code);
  response.set_device(status.device);
  response.set_name(status.name);
  response.set_address(status.address);
  response.set_remaining_s(status.remaining_s);
  response.set_text(status.text);
}

absl::Status DeviceCalls::BeginPairing(const Caller& caller, const pb::BeginPairingRequest& request,
                                       pb::PairingResponse& response) {
  if (setup_.pairing == nullptr) return NoPairing();
  if (request.address().size() > kWordBytesMax) return TooLong("address of the other node");
  const PairingOptions options{.is_pair = !request.remote_only(),
                               .give_master_key = !request.keep_master_key(),
                               .keep_master_key = request.keep_master_key()};
  const Operator by = OperatorOf(caller);
  const absl::Status status = request.address().empty()
                                  ? setup_.pairing->Accept(by, options)
                                  : setup_.pairing->Begin(by, request.address(), options);
  if (status.ok()) Answer(response);
  return status;
}

absl::Status DeviceCalls::ConfirmPairing(const Caller& caller,
                                         const pb::ConfirmPairingRequest& request,
                                         pb::PairingResponse& response) {
  if (setup_.pairing == nullptr) return NoPairing();
  if (request.code().size() > kWordBytesMax) return TooLong("the code");
  const absl::Status status = setup_.pairing->Confirm(OperatorOf(caller), request.code());
  if (status.ok()) Answer(response);
  return status;
}

absl::Status DeviceCalls::CancelPairing(const Caller& caller, const pb::CancelPairingRequest&,
                                        pb::PairingResponse& response) {
  if (setup_.pairing == nullptr) return NoPairing();
  setup_.pairing->Cancel(OperatorOf(caller));
  const PairingStatus status = setup_.pairing->Status();
  if (status.state == PairingState::kDone) {
    return absl::FailedPreconditionError(absl::StrCat(
        "nothing was ended: ", status.name, " is paired already; `lockstepctl devices forget ",
        status.device, "` undoes it on this node"));
  }
  if (status.state != PairingState::kNone && status.state != PairingState::kFailed) {
    return absl::FailedPreconditionError(
        "nothing was ended: both operators have confirmed, and secrets are handed over; see "
        "`lockstepctl pair status`");
  }
  Answer(response);
  return absl::OkStatus();
}

absl::Status DeviceCalls::GetPairing(const Caller&, const pb::GetPairingRequest&,
                                     pb::PairingResponse& response) {
  if (setup_.pairing == nullptr) return NoPairing();
  Answer(response);
  return absl::OkStatus();
}

absl::Status DeviceCalls::ListDevices(const Caller&, const pb::ListDevicesRequest&,
                                      pb::ListDevicesResponse& response) {
  const Certificate own = setup_.devices->own();
  pb::Device& first = *response.add_devices();
  AddDevice(own, own.name, first);
  first.set_own(true);
  std::vector<KnownDevice> known = setup_.devices->Known();
  std::ranges::sort(known, {}, [](const KnownDevice& device) {
    return std::pair(device.name, device.certificate.device);
  });
  for (const KnownDevice& other : known) {
    pb::Device& device = *response.add_devices();
    AddDevice(other.certificate, other.name, device);
    device.set_pair(other.is_pair);
    device.set_revoked(other.is_revoked);
    device.set_paired_at(other.paired_at);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DeviceCalls::IdOf(const std::string& word) const {
  std::vector<std::string> ids;
  for (const KnownDevice& device : setup_.devices->Known()) {
    if (device.certificate.device == word) return word;
    if (device.name == word) ids.push_back(device.certificate.device);
  }
  if (ids.size() == 1) return ids[0];
  return absl::NotFoundError(
      ids.empty()
          ? absl::StrCat("no device '", word, "' is known; `lockstepctl devices list` has them")
          : absl::StrCat(ids.size(), " devices are named '", word,
                         "'; give the id of one, as in "
                         "`lockstepctl devices list`"));
}

absl::Status DeviceCalls::ChangeDevice(const Caller& caller, const pb::ChangeDeviceRequest& request,
                                       pb::ListDevicesResponse& response) {
  if (request.device().size() > kWordBytesMax) return TooLong("device");
  const bool is_renewal = request.act() == "renew";
  if (!is_renewal && request.act() != "revoke" && request.act() != "forget") {
    return absl::InvalidArgumentError(
        absl::StrCat("act '", request.act().substr(0, kWordBytesMax),
                     "': a device can be revoked, forgotten, and this node's own renewed"));
  }
  std::string id = setup_.devices->own().device;
  absl::Status status;
  if (is_renewal) {
    if (!request.device().empty() && request.device() != id) {
      return absl::InvalidArgumentError(
          "renew is for this node's own device; run it on the node that is to be renewed");
    }
    status = setup_.devices->Renew();
  } else {
    const absl::StatusOr<std::string> found = IdOf(request.device());
    if (!found.ok()) return found.status();
    id = *found;
    status = request.act() == "revoke" ? setup_.devices->Revoke(id) : setup_.devices->Forget(id);
  }
  setup_.audit(OperatorOf(caller), absl::StrCat("device ", id, ": ", request.act()),
               status.ok() ? "done" : "refused");
  if (!status.ok()) return status;
  setup_.changed();
  return ListDevices(caller, {}, response);
}

}  // namespace configsync
