// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Certificates that this project does not make: of other key types, or signed by another.
//
// Threads: functions only.

#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace configsync {

struct OtherIdentity {
  std::string key_pem, certificate_pem;
};

inline std::string TextAndFree(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free_all(bio);
  return text;
}

// A certificate of `key`, signed by `signer`, valid now.
inline std::string SignedBy(EVP_PKEY* key, EVP_PKEY* signer, const EVP_MD* digest,
                            std::string_view name = "other") {
  const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 7);
  X509_NAME* subject = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(made.get(), subject);
  X509_set_pubkey(made.get(), key);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86'400);
  X509_sign(made.get(), signer, digest);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, made.get());
  return TextAndFree(bio);
}

inline OtherIdentity P256Identity() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), &EVP_PKEY_free);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.key_pem = TextAndFree(bio),
          .certificate_pem = SignedBy(key.get(), key.get(), EVP_sha256())};
}

}  // namespace configsync
