// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Texts, hashes and ids of devices.

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "configsync/peer/codec.h"

namespace configsync {
namespace {

constexpr std::size_t kDeviceBytes = 16;

// Bytes of the character that `text` begins with; 0: not UTF-8.
std::size_t CharacterBytes(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  if (first < 0x80) {
    return 1;
  }
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) {
    return 0;
  }
  std::uint32_t point = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0) != 0x80) {
      return 0;
    }
    point = point << 6 | (next & 0x3fu);
  }
  const bool is_too_long = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  return is_too_long || is_surrogate || point > 0x10ffff ? 0 : length;
}

}  // namespace

std::string CutText(std::string_view text, std::size_t bytes_max) {
  std::string valid;
  valid.reserve(std::min(text.size(), bytes_max));
  while (!text.empty()) {
    const std::size_t length = CharacterBytes(text);
    if (valid.size() + std::max<std::size_t>(length, 1) > bytes_max) {
      break;
    }
    valid += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return valid;
}

std::string BytesOf(const Hash& hash) {
  return hash == Hash{} ? "" : std::string(hash.bytes.begin(), hash.bytes.end());
}

absl::StatusOr<Hash> HashOf(const char* field, std::string_view bytes) {
  Hash hash;
  if (bytes.empty()) {
    return hash;
  }
  if (bytes.size() != hash.bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " has ", bytes.size(), " bytes, a hash has 32"));
  }
  std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
  return hash;
}

std::string BytesOfDevice(const DeviceId& device) {
  const bool is_id = device.size() == 2 * kDeviceBytes &&
                     std::all_of(device.begin(), device.end(),
                                 [](unsigned char digit) { return std::isxdigit(digit) != 0; });
  return is_id ? absl::HexStringToBytes(device) : "";
}

absl::StatusOr<DeviceId> DeviceOf(const char* field, std::string_view bytes) {
  if (!bytes.empty() && bytes.size() != kDeviceBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, " has ", bytes.size(), " bytes, the id of a device has 16"));
  }
  return absl::BytesToHexString({bytes.data(), bytes.size()});
}

}  // namespace configsync
