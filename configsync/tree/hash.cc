// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/tree/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace configsync {

std::string HexOf(const Hash& hash) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.bytes.size());
  for (const std::uint8_t byte : hash.bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Hash Sha256(std::string_view data) {
  // Looked up once: the search for an algorithm takes longer than hashing a node.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Hash hash;
  EVP_Digest(data.data(), data.size(), hash.bytes.data(), nullptr, kSha256, nullptr);
  return hash;
}

Hash HmacSha256(const SecretKey& key, std::string_view data) {
  Hash hash;
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key.bytes.data(), static_cast<int>(key.bytes.size()),
       reinterpret_cast<const unsigned char*>(data.data()), data.size(), hash.bytes.data(), &bytes);
  return hash;
}

}  // namespace configsync
