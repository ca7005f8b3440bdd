// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/openssl_primitives.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "statesync/ensure.h"

namespace dataplane {
namespace {

using PkeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

PkeyPointer PrivateKey(const statesync::CurvePrivate& secret) {
  PkeyPointer key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.bytes().data(),
                                               secret.bytes().size()),
                  &EVP_PKEY_free);
  ENSURE(key != nullptr);
  return key;
}

}  // namespace

// Fetching an algorithm takes a lock and a search; heartbeats and hellos use one context instead.
struct OpensslPrimitives::State {
  std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac{EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                        &EVP_MAC_free};
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context{EVP_MAC_CTX_new(mac.get()),
                                                                    &EVP_MAC_CTX_free};
};

OpensslPrimitives::OpensslPrimitives() : state_(std::make_unique<State>()) {
  ENSURE(state_->context != nullptr);
}
OpensslPrimitives::~OpensslPrimitives() = default;

void OpensslPrimitives::Random(std::span<std::uint8_t> out) noexcept {
  ENSURE(RAND_priv_bytes(out.data(), static_cast<int>(out.size())) == 1);
}

void OpensslPrimitives::CurvePublicOf(const statesync::CurvePrivate& secret,
                                      statesync::PublicValue& out) noexcept {
  const PkeyPointer key = PrivateKey(secret);
  std::size_t bytes = out.size();
  ENSURE(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &bytes) == 1);
  ENSURE(bytes == out.size());
}

bool OpensslPrimitives::CurveSharedOf(const statesync::CurvePrivate& secret,
                                      const statesync::PublicValue& peer,
                                      statesync::CurveShared& out) noexcept {
  const PkeyPointer own = PrivateKey(secret);
  const PkeyPointer other(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()),
      &EVP_PKEY_free);
  ENSURE(other != nullptr);  // Any 32 bytes are a public value.
  const PkeyContext context(EVP_PKEY_CTX_new(own.get(), nullptr), &EVP_PKEY_CTX_free);
  ENSURE(context != nullptr);
  ENSURE(EVP_PKEY_derive_init(context.get()) == 1);
  std::size_t bytes = out.bytes().size();
  // OpenSSL refuses a result of all zero bytes, as RFC 7748 §6.1 wants.
  return EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
         EVP_PKEY_derive(context.get(), out.bytes().data(), &bytes) == 1 &&
         bytes == out.bytes().size();
}

void OpensslPrimitives::Hmac(statesync::Bytes key, std::span<const statesync::Bytes> parts,
                             statesync::Hash& out) noexcept {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  ENSURE(EVP_MAC_init(state_->context.get(), key.data(), key.size(), parameters) == 1);
  for (const statesync::Bytes part : parts) {
    if (part.empty()) continue;
    ENSURE(EVP_MAC_update(state_->context.get(), part.data(), part.size()) == 1);
  }
  std::size_t bytes = 0;
  ENSURE(EVP_MAC_final(state_->context.get(), out.data(), &bytes, out.size()) == 1);
  ENSURE(bytes == out.size());
}

}  // namespace dataplane
