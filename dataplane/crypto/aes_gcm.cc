// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/crypto/aes_gcm.h"

#include <openssl/evp.h>

#include "statesync/ensure.h"

namespace dataplane {

// Two contexts, because one that has been used to seal needs a full key set-up to open.
struct AesGcm::State {
  using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
  Context seal{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  Context open{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
};

AesGcm::AesGcm(const statesync::DirectionKey& key) : state_(std::make_unique<State>()) {
  ENSURE(state_->seal != nullptr);
  ENSURE(state_->open != nullptr);
  ENSURE(EVP_EncryptInit_ex(state_->seal.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                            nullptr) == 1);
  ENSURE(EVP_DecryptInit_ex(state_->open.get(), EVP_aes_256_gcm(), nullptr, key.bytes().data(),
                            nullptr) == 1);
}
AesGcm::~AesGcm() = default;
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;

void AesGcm::Seal(const statesync::Nonce& nonce, statesync::Bytes header,
                  std::span<std::uint8_t> text,
                  std::span<std::uint8_t, kGcmTagBytes> tag) noexcept {
  EVP_CIPHER_CTX* const context = state_->seal.get();
  int bytes = 0;
  std::uint8_t none = 0;
  ENSURE(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1);
  ENSURE(EVP_EncryptUpdate(context, nullptr, &bytes, header.data(),
                           static_cast<int>(header.size())) == 1);
  if (!text.empty()) {
    ENSURE(EVP_EncryptUpdate(context, text.data(), &bytes, text.data(),
                             static_cast<int>(text.size())) == 1);
  }
  ENSURE(EVP_EncryptFinal_ex(context, &none, &bytes) == 1);
  ENSURE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                             tag.data()) == 1);
}

bool AesGcm::Open(const statesync::Nonce& nonce, statesync::Bytes header,
                  std::span<std::uint8_t> text,
                  std::span<const std::uint8_t, kGcmTagBytes> tag) noexcept {
  EVP_CIPHER_CTX* const context = state_->open.get();
  int bytes = 0;
  std::uint8_t none = 0;
  ENSURE(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1);
  ENSURE(EVP_DecryptUpdate(context, nullptr, &bytes, header.data(),
                           static_cast<int>(header.size())) == 1);
  if (!text.empty()) {
    ENSURE(EVP_DecryptUpdate(context, text.data(), &bytes, text.data(),
                             static_cast<int>(text.size())) == 1);
  }
  ENSURE(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                             const_cast<std::uint8_t*>(tag.data())) == 1);
  const bool authentic = EVP_DecryptFinal_ex(context, &none, &bytes) == 1;
  if (!authentic) statesync::Wipe(text);
  return authentic;
}

}  // namespace dataplane
