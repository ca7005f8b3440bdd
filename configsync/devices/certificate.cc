// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "configsync/devices/device.h"

namespace configsync {
namespace {

constexpr std::int64_t kDayS = 86'400;
constexpr std::size_t kDeviceIdBytes = 16;
constexpr long kX509Version3 = 2;

struct OpenSslFree {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using Owned = std::unique_ptr<T, OpenSslFree>;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

std::string Hex(const unsigned char* bytes, std::size_t size) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(bytes), size});
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("certificate of a device: ", std::string(what)));
}

std::optional<std::int64_t> UnixTime(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return static_cast<std::int64_t>(timegm(&parts));
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kDeviceNameBytesMax &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string CommonName(const X509* certificate) {
  std::array<char, kDeviceNameBytesMax + 2> text{};  // One more than allowed, to see it.
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                             text.data(), static_cast<int>(text.size()));
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string DeviceIdOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  Digest digest{};
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(der);
  return Hex(digest.data(), kDeviceIdBytes);
}

Owned<X509> OnlyCertificateIn(std::string_view pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return nullptr;
  Owned<X509> first(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  const Owned<X509> second(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  return second == nullptr ? std::move(first) : nullptr;
}

Owned<X509> SelfSigned(EVP_PKEY* key, const std::string& name, std::int64_t now_s) {
  Owned<X509> made(X509_new());
  std::uint64_t serial = 0;
  if (made == nullptr ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) {
    return nullptr;
  }
  X509_NAME* subject = X509_get_subject_name(made.get());
  const bool is_good =
      X509_set_version(made.get(), kX509Version3) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), serial >> 1 | 1) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<int>(name.size()), -1, 0) == 1 &&
      X509_set_issuer_name(made.get(), subject) == 1 && X509_set_pubkey(made.get(), key) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(made.get()), now_s - kClockDifferenceS) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(made.get()), now_s + kCertificateDays * kDayS) != nullptr &&
      X509_sign(made.get(), key, nullptr) > 0;  // Ed25519 has its own digest.
  return is_good ? std::move(made) : nullptr;
}

}  // namespace

absl::StatusOr<Certificate> ReadCertificate(std::string_view pem) {
  if (pem.empty() || pem.size() > kCertificateBytesMax) {
    return Bad(
        absl::StrCat("it has ", pem.size(), " bytes, 1 to ", kCertificateBytesMax, " are allowed"));
  }
  const Owned<X509> read = OnlyCertificateIn(pem);
  if (read == nullptr) return Bad("the text is not one certificate in PEM");
  EVP_PKEY* key = X509_get0_pubkey(read.get());
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
    return Bad("its key is not an Ed25519 key, and devices have no other");
  }
  if (X509_verify(read.get(), key) != 1) return Bad("it is not signed by its own key");
  const std::optional<std::int64_t> from = UnixTime(X509_get0_notBefore(read.get()));
  const std::optional<std::int64_t> until = UnixTime(X509_get0_notAfter(read.get()));
  if (!from.has_value() || !until.has_value()) return Bad("its time of validity cannot be read");

  Certificate certificate;
  certificate.name = CommonName(read.get());
  if (!IsName(certificate.name)) {
    return Bad(absl::StrCat("its common name is not 1 to ", kDeviceNameBytesMax,
                            " printable characters without spaces"));
  }
  Digest digest{};
  unsigned size = 0;
  const Owned<BIO> clean(BIO_new(BIO_s_mem()));
  if (clean == nullptr || PEM_write_bio_X509(clean.get(), read.get()) != 1 ||
      X509_digest(read.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return Bad("libcrypto cannot write it");
  }
  certificate.pem = TextOf(clean.get());  // Without what stood around it.
  certificate.sha256 = Hex(digest.data(), digest.size());
  certificate.device = DeviceIdOf(read.get());
  certificate.not_before_s = *from;
  certificate.not_after_s = *until;
  return certificate;
}

absl::StatusOr<Identity> MakeIdentity(const std::string& node_name, std::int64_t now_s) {
  if (!IsName(node_name)) {
    return absl::InvalidArgumentError(absl::StrCat("name of the node: it has ", node_name.size(),
                                                   " characters; 1 to ", kDeviceNameBytesMax,
                                                   " printable ones without spaces are allowed"));
  }
  const absl::Status failed = absl::UnavailableError(
      "key of the device: libcrypto cannot make one; see whether the system has randomness");
  const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return failed;
  const Owned<X509> made = SelfSigned(key.get(), node_name, now_s);
  const Owned<BIO> certificate_text(BIO_new(BIO_s_mem()));
  const Owned<BIO> key_text(BIO_new(BIO_s_secmem()));
  if (made == nullptr || certificate_text == nullptr || key_text == nullptr ||
      PEM_write_bio_X509(certificate_text.get(), made.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return failed;
  }
  absl::StatusOr<Certificate> certificate = ReadCertificate(TextOf(certificate_text.get()));
  if (!certificate.ok()) return certificate.status();
  return Identity{.certificate = *std::move(certificate), .key_pem = TextOf(key_text.get())};
}

PinVerdict JudgePin(const DeviceStore& store, std::string_view pem, std::int64_t now_s) {
  const absl::StatusOr<Certificate> shown = ReadCertificate(pem);
  if (!shown.ok()) return PinVerdict::kNotPinned;
  const std::optional<KnownDevice> known = store.Find(shown->device);
  if (!known.has_value() || known->certificate.sha256 != shown->sha256) {
    return PinVerdict::kNotPinned;
  }
  if (known->is_revoked) return PinVerdict::kRevoked;
  const bool is_valid = now_s >= shown->not_before_s && now_s <= shown->not_after_s;
  return is_valid ? PinVerdict::kKnown : PinVerdict::kExpired;
}

}  // namespace configsync
