// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/devices/known_devices.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

using nlohmann::json;

constexpr std::size_t kTimeBytesMax = 64;

bool IsText(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string StringOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool FlagOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

absl::StatusOr<KnownDevice> CheckedDevice(const KnownDevice& device) {
  absl::StatusOr<Certificate> certificate = ReadCertificate(device.certificate.pem);
  if (!certificate.ok()) return certificate.status();
  if (device.name.empty() || !IsText(device.name, kDeviceNameBytesMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("name of device ", certificate->device, ": 1 to ", kDeviceNameBytesMax,
                     " printable characters without spaces are allowed"));
  }
  if (!IsText(device.their_password, kDevicePasswordBytesMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("password of device ", certificate->device, ": at most ",
                     kDevicePasswordBytesMax, " printable characters without spaces are allowed"));
  }
  if (!IsText(device.paired_at, kTimeBytesMax)) {
    return absl::InvalidArgumentError(
        absl::StrCat("device ", certificate->device, ": the time of its pairing is not RFC 3339"));
  }
  KnownDevice checked = device;
  checked.certificate = *std::move(certificate);
  return checked;
}

std::string PrintKnownDevices(const std::vector<KnownDevice>& devices) {
  json list = json::array();
  for (const KnownDevice& device : devices) {
    list.push_back({{"device", device.certificate.device},  // For readers; the certificate counts.
                    {"certificate", device.certificate.pem},
                    {"name", device.name},
                    {"pair", device.is_pair},
                    {"revoked", device.is_revoked},
                    {"password", device.their_password},
                    {"paired-at", device.paired_at}});
  }
  return json({{"devices", std::move(list)}}).dump(2, ' ', true) + "\n";
}

absl::StatusOr<std::vector<KnownDevice>> ReadKnownDevices(std::string_view text) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto list = document.is_object() ? document.find("devices") : document.end();
  if (!document.is_object() || list == document.end() || !list->is_array()) {
    return absl::DataLossError("it is not JSON with a list of devices");
  }
  if (list->size() > kDevicesMax) {
    return absl::DataLossError(
        absl::StrCat("it has ", list->size(), " devices, at most ", kDevicesMax, " are allowed"));
  }
  std::vector<KnownDevice> devices;
  for (const json& entry : *list) {
    KnownDevice device;
    if (entry.is_object()) {
      device.certificate.pem = StringOf(entry, "certificate");
      device.name = StringOf(entry, "name");
      device.is_pair = FlagOf(entry, "pair");
      device.is_revoked = FlagOf(entry, "revoked");
      device.their_password = StringOf(entry, "password");
      device.paired_at = StringOf(entry, "paired-at");
    }
    absl::StatusOr<KnownDevice> checked = CheckedDevice(device);
    if (!checked.ok()) return absl::DataLossError(checked.status().message());
    devices.push_back(*std::move(checked));
  }
  return devices;
}

}  // namespace configsync
