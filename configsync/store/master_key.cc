// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/master_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace configsync {
namespace {

using Root = std::array<std::uint8_t, 32>;

// The same on every node, so that nodes given the same text have the same key: the text has to be
// long, and scrypt makes each guess dear.
constexpr char kStretchSalt[] = "lockstep master key 1";
constexpr std::uint64_t kScryptN = 1u << 15;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;
constexpr std::uint64_t kScryptBytesMax = 64u << 20;

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

absl::StatusOr<Root> RootOf(std::string_view text) {
  if (text.size() == kMasterKeyHexDigits && std::ranges::all_of(text, IsHexDigit)) {
    std::string bytes = absl::HexStringToBytes({text.data(), text.size()});
    Root root;
    std::ranges::copy(bytes, reinterpret_cast<char*>(root.data()));
    OPENSSL_cleanse(bytes.data(), bytes.size());
    return root;
  }
  if (text.size() < kMasterKeyBytesMin || text.size() > kMasterKeyBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("master key: it has ", text.size(), " characters, ", kMasterKeyBytesMin,
                     " to ", kMasterKeyBytesMax, " are allowed; use 64 random hexadecimal digits"));
  }
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; })) {
    return absl::InvalidArgumentError(
        "master key: it has characters other than printable ASCII without spaces; use 64 random "
        "hexadecimal digits");
  }
  Root root;
  if (EVP_PBE_scrypt(text.data(), text.size(), reinterpret_cast<const unsigned char*>(kStretchSalt),
                     sizeof kStretchSalt - 1, kScryptN, kScryptR, kScryptP, kScryptBytesMax,
                     root.data(), root.size()) != 1) {
    return absl::UnavailableError("master key: scrypt failed; it needs 32 MiB of memory");
  }
  return root;
}

// HKDF-SHA-256 (RFC 5869) without salt: the root is uniform already.
bool Derive(const Root& root, std::string_view purpose, std::span<std::uint8_t> out) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      EVP_KDF_CTX_new(kdf.get()), &EVP_KDF_CTX_free);
  if (context == nullptr) return false;
  std::string digest = "SHA256";
  Root key = root;
  std::string info(purpose);
  const std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  const bool is_good =
      EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  return is_good;
}

}  // namespace

MasterKey::~MasterKey() {
  OPENSSL_cleanse(hashing.bytes.data(), hashing.bytes.size());
  OPENSSL_cleanse(sealing.data(), sealing.size());
}

absl::StatusOr<MasterKey> MasterKeyOf(std::string_view text) {
  absl::StatusOr<Root> root = RootOf(text);
  if (!root.ok()) return root.status();
  MasterKey key;
  std::array<std::uint8_t, 8> print{};
  const bool is_good = Derive(*root, "lockstep secret hashes 1", key.hashing.bytes) &&
                       Derive(*root, "lockstep store sealing 1", key.sealing) &&
                       Derive(*root, "lockstep key fingerprint 1", print);
  OPENSSL_cleanse(root->data(), root->size());
  if (!is_good) return absl::UnavailableError("master key: libcrypto has no HKDF");
  key.fingerprint =
      absl::BytesToHexString({reinterpret_cast<const char*>(print.data()), print.size()});
  return key;
}

absl::StatusOr<std::string> RandomMasterKeyText() {
  Root root;
  if (RAND_bytes(root.data(), static_cast<int>(root.size())) != 1) {
    return absl::UnavailableError("master key: the system has no randomness");
  }
  std::string text =
      absl::BytesToHexString({reinterpret_cast<const char*>(root.data()), root.size()});
  OPENSSL_cleanse(root.data(), root.size());
  return text;
}

}  // namespace configsync
