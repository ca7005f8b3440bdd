// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/lockstepctl/render_devices.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tools/lockstepctl/columns.h"
#include "tools/lockstepctl/fields.h"

namespace lockstepctl {
namespace {

namespace pb = lockstep::admin;

constexpr std::size_t kPinDigits = 16;
constexpr std::int64_t kDayS = 86'400;

std::int64_t UnixTime(const std::string& rfc3339) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error) ? absl::ToUnixSeconds(time)
                                                                     : 0;
}

const char* StateText(const pb::Device& device, std::int64_t now_s) {
  if (device.revoked()) {
    return "revoked";
  }
  if (now_s < UnixTime(device.not_before())) {
    return "not-yet";
  }
  return now_s > UnixTime(device.not_after()) ? "expired" : "valid";
}

}  // namespace

std::string CodeText(const std::string& code) {
  return code.size() == 6 ? absl::StrCat(code.substr(0, 3), " ", code.substr(3)) : code;
}

std::string PairingText(const pb::PairingResponse& pairing) {
  std::string text;
  AddLine(text, "STATE", pairing.state());
  if (!pairing.code().empty()) {
    AddLine(text, "CODE",
            absl::StrCat(CodeText(pairing.code()), "  (to be typed at the other node)"));
  }
  if (!pairing.address().empty()) {
    AddLine(text, "ADDRESS", pairing.address());
  }
  if (!pairing.name().empty()) {
    AddLine(text, "OTHER", absl::StrCat(pairing.name(), ", device ", pairing.device()));
  }
  if (pairing.remaining_s() > 0) {
    AddLine(text, "REMAINING", absl::StrCat(pairing.remaining_s(), " s"));
  }
  if (!pairing.text().empty()) {
    absl::StrAppend(&text, pairing.text(), "\n");
  }
  return text;
}

std::string DevicesText(const pb::ListDevicesResponse& list, std::int64_t now_s) {
  Columns columns({"DEVICE", "NAME", "KIND", "STATE", "DAYS", "PAIRED_AT", "CERTIFICATE"});
  for (const pb::Device& device : list.devices()) {
    const std::int64_t left_s = UnixTime(device.not_after()) - now_s;
    columns.Add({device.device(), device.name(),
                 device.own()    ? "self"
                 : device.pair() ? "pair"
                                 : "remote",
                 StateText(device, now_s), absl::StrCat(left_s < 0 ? 0 : left_s / kDayS),
                 device.paired_at(), device.sha256().substr(0, kPinDigits)});
  }
  return columns.Text();
}

}  // namespace lockstepctl
