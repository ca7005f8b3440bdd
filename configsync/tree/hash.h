// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The hash of a subtree, and the key that keeps secrets safe in it.
//
// Threads: values only.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace configsync {

// SHA-256 over a canonical form that is independent of how the tree was built: equal if and only if
// the subtrees mean the same. A secret goes in as HMAC-SHA-256 under the secret key, so who sees a
// hash cannot try passwords against it.
struct Hash {
  std::array<std::uint8_t, 32> bytes{};
  friend bool operator==(const Hash&, const Hash&) = default;
  friend auto operator<=>(const Hash&, const Hash&) = default;
};

[[nodiscard]] std::string HexOf(const Hash& hash);  // 64 digits.

// Derived from the master key; the same on both nodes of a pair.
struct SecretKey {
  std::array<std::uint8_t, 32> bytes{};
};

[[nodiscard]] Hash Sha256(std::string_view data);
[[nodiscard]] Hash HmacSha256(const SecretKey& key, std::string_view data);

}  // namespace configsync
