// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

// Every part has a fixed length, so no two transcripts read the same.
std::string Mac(std::string_view label, std::string_view password,
                const LoginTranscript& transcript) {
  const std::string message =
      absl::StrCat(std::string(label), transcript.challenge, transcript.client_nonce,
                   absl::HexStringToBytes(transcript.client_sha256),
                   absl::HexStringToBytes(transcript.server_sha256));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), password.data(), static_cast<int>(password.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(),
           &length) == nullptr) {
    std::abort();  // Out of memory: nothing can be proven.
  }
  return {mac.begin(), mac.begin() + length};
}

}  // namespace

std::string ProofOf(std::string_view password, const LoginTranscript& transcript) {
  return Mac("lockstep peersync login", password, transcript);
}

std::string WelcomeOf(std::string_view password, const LoginTranscript& transcript) {
  return Mac("lockstep peersync welcome", password, transcript);
}

bool IsSameProof(std::string_view left, std::string_view right) {
  return !left.empty() && left.size() == right.size() &&
         CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    std::abort();  // A number that can be guessed would be worse.
  }
  return bytes;
}

std::int64_t LoginGuard::PauseMs(const std::string& address, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = clear_at_ms_.find(address);
  if (found == clear_at_ms_.end()) {
    return 0;
  }
  return std::max<std::int64_t>(0, found->second - now_ms - (kFailuresMax - 1) * kRefillMs);
}

void LoginGuard::OnFailure(const std::string& address, std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  Forget(now_ms);
  std::int64_t& clear_at_ms = clear_at_ms_[address];
  clear_at_ms = std::max(clear_at_ms, now_ms) + kRefillMs;
}

void LoginGuard::OnPassword(const std::string& password) {
  const std::lock_guard lock(mutex_);
  if (password_ == password) {
    return;
  }
  password_ = password;
  clear_at_ms_.clear();
}

void LoginGuard::Forget(std::int64_t now_ms) {
  std::erase_if(clear_at_ms_, [now_ms](const auto& row) { return row.second <= now_ms; });
  if (clear_at_ms_.size() >= kAddressesMax) {
    clear_at_ms_.erase(clear_at_ms_.begin());
  }
}

}  // namespace configsync
