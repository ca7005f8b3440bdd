// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "tools/wiredump/key_ring.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "statesync/seal/keys.h"
#include "statesync/wire/schema.h"

namespace wiredump {

using dataplane::kGcmTagBytes;
using statesync::ClearHeader;

absl::StatusOr<KeyRing> KeyRing::Load(const std::string& path) {
  const absl::StatusOr<std::vector<dataplane::LoggedKey>> logged = dataplane::ReadKeyLog(path);
  if (!logged.ok()) return logged.status();
  if (logged->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("HA2 key file ", path, ": has no key; the node writes one when HA2 connects"));
  }
  KeyRing ring;
  for (auto key = logged->rbegin(); key != logged->rend(); ++key) ring.keys_.emplace_back(key->key);
  return ring;
}

bool KeyRing::Try(std::size_t key, std::span<const std::byte> datagram,
                  std::vector<std::byte>& plain) {
  ClearHeader header;
  std::memcpy(static_cast<void*>(&header), datagram.data(), sizeof(header));
  const auto text =
      datagram.subspan(sizeof(header), datagram.size() - sizeof(header) - kGcmTagBytes);
  plain.assign(text.begin(), text.end());
  return keys_[key].Open(
      statesync::MakeNonce(header.stream.Get(), header.packet_number.Get()),
      {reinterpret_cast<const std::uint8_t*>(datagram.data()), sizeof(header)},
      {reinterpret_cast<std::uint8_t*>(plain.data()), plain.size()},
      std::span<const std::uint8_t, kGcmTagBytes>(
          reinterpret_cast<const std::uint8_t*>(datagram.data() + datagram.size() - kGcmTagBytes),
          kGcmTagBytes));
}

bool KeyRing::Open(std::uint32_t sender, std::span<const std::byte> datagram,
                   std::vector<std::byte>& plain) {
  if (datagram.size() < sizeof(ClearHeader) + kGcmTagBytes) return false;
  const auto kind_phase =
      std::to_integer<std::uint64_t>(datagram[offsetof(ClearHeader, kind_phase)]);
  const std::uint64_t talk = std::uint64_t{sender} << 8 | (kind_phase & 15);
  const auto known = last_.find(talk);
  if (known != last_.end() && Try(known->second, datagram, plain)) return true;
  for (std::size_t key = 0; key < keys_.size(); ++key) {
    if (known != last_.end() && known->second == key) continue;
    if (!Try(key, datagram, plain)) continue;
    last_[talk] = key;
    return true;
  }
  plain.clear();
  return false;
}

}  // namespace wiredump
