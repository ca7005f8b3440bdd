// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// The proof that a caller knows the password of hasync, without showing it: an HMAC over what only
// this connection has. Each side proves it, so a node that does not know it learns nothing.
//
// Threads: LoginGuard is thread-safe; the rest are functions.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace configsync {

inline constexpr std::string_view kPeerUser = "hasync";  // No other has any right here (F10).
inline constexpr std::size_t kNonceBytes = 32;           // Nonce, challenge.
inline constexpr std::size_t kSessionBytes = 16;
inline constexpr std::int64_t kSessionSeconds = 3'600;

struct LoginTranscript {
  std::string challenge;  // Of the server.
  std::string client_nonce;
  std::string client_sha256;  // Of the certificates, hexadecimal.
  std::string server_sha256;
};

// 32 bytes. REQUIRES: `password` is not empty.
[[nodiscard]] std::string ProofOf(std::string_view password, const LoginTranscript& transcript);
[[nodiscard]] std::string WelcomeOf(std::string_view password, const LoginTranscript& transcript);
// In a time that does not depend on where they differ.
[[nodiscard]] bool IsSameProof(std::string_view left, std::string_view right);

// From the system's source.
[[nodiscard]] std::string RandomBytes(std::size_t count);

// Attempts to log in with a wrong password: a few at once, then one each kRefillMs, for each
// address.
class LoginGuard {
 public:
  static constexpr std::uint32_t kFailuresMax = 5;
  static constexpr std::int64_t kRefillMs = 5'000;
  static constexpr std::size_t kAddressesMax = 1'024;

  // Milliseconds that `address` has to wait before its password is looked at; 0: none.
  [[nodiscard]] std::int64_t PauseMs(const std::string& address, std::int64_t now_ms);
  void OnFailure(const std::string& address, std::int64_t now_ms);
  // The node's password at present. Another one than before: failures against the old one count
  // no more, so who was right all along comes in at once.
  void OnPassword(const std::string& password);

 private:
  void Forget(std::int64_t now_ms);

  std::mutex mutex_;
  // When the failures of an address are forgotten, each kRefillMs. Under mutex_.
  std::map<std::string, std::int64_t> clear_at_ms_;
  std::string password_;  // Under mutex_.
};

}  // namespace configsync
