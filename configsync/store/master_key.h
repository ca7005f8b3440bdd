// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The master key, and the keys that follow from it: one for the hashes of secrets, one for sealing
// them. Both nodes of a pair have the same.
//
// Threads: values only.  Memory: wiped with the object.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "configsync/tree/hash.h"

namespace configsync {

inline constexpr std::size_t kMasterKeyBytesMin = 16;
inline constexpr std::size_t kMasterKeyBytesMax = 256;
inline constexpr std::size_t kMasterKeyHexDigits = 64;

struct MasterKey {
  SecretKey hashing;
  std::array<std::uint8_t, 32> sealing{};
  std::string fingerprint;  // 16 hexadecimal digits; says nothing about the key.

  MasterKey() = default;
  MasterKey(const MasterKey&) = default;
  MasterKey& operator=(const MasterKey&) = default;
  ~MasterKey();
};

// From its text: 64 hexadecimal digits are the key itself; any other text of 16 to 256 printable
// characters is stretched by scrypt (some 100 ms of CPU, 32 MiB). Errors: kInvalidArgument with the
// limit, never with the text.
[[nodiscard]] absl::StatusOr<MasterKey> MasterKeyOf(std::string_view text);

// A new random key, as 64 hexadecimal digits. Errors: kUnavailable: no randomness.
[[nodiscard]] absl::StatusOr<std::string> RandomMasterKeyText();

}  // namespace configsync
