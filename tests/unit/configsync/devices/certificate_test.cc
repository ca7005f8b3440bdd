// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>

#include "configsync/devices/device.h"
#include "tests/unit/configsync/devices/other_certificates.h"

namespace configsync {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kDay = 86'400;

TEST(Certificate, IsReadAsItWasMade) {
  const auto identity = MakeIdentity("fw-a", kNow);
  ASSERT_TRUE(identity.ok()) << identity.status();
  const Certificate& made = identity->certificate;
  EXPECT_EQ(made.name, "fw-a");
  EXPECT_EQ(made.device.size(), 32u);
  EXPECT_EQ(made.sha256.size(), 64u);
  EXPECT_EQ(made.not_before_s, kNow - kDay);
  EXPECT_EQ(made.not_after_s, kNow + kCertificateDays * kDay);
  EXPECT_NE(identity->key_pem.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(made.pem.find("PRIVATE KEY"), std::string::npos);

  const auto again = ReadCertificate("text before\n" + made.pem + "text behind\n");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->pem, made.pem);
  EXPECT_EQ(again->sha256, made.sha256);
  EXPECT_EQ(again->device, made.device);
}

TEST(Certificate, TwoOfOneNameAreTwoDevices) {
  const auto one = MakeIdentity("fw-a", kNow);
  const auto two = MakeIdentity("fw-a", kNow);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(one->certificate.device, two->certificate.device);
  EXPECT_NE(one->key_pem, two->key_pem);
}

TEST(Certificate, OfAnotherKeyTypeIsRefused) {
  const auto read = ReadCertificate(P256Identity().certificate_pem);
  EXPECT_TRUE(absl::IsInvalidArgument(read.status()));
  EXPECT_NE(std::string(read.status().message()).find("Ed25519"), std::string::npos);
}

TEST(Certificate, SignedByAnotherKeyIsRefused) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> other(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), &EVP_PKEY_free);
  EXPECT_TRUE(ReadCertificate(SignedBy(key.get(), key.get(), nullptr)).ok());
  EXPECT_FALSE(ReadCertificate(SignedBy(key.get(), other.get(), nullptr)).ok());
  EXPECT_FALSE(ReadCertificate(SignedBy(key.get(), key.get(), nullptr, "two words")).ok());
  EXPECT_FALSE(ReadCertificate(SignedBy(key.get(), key.get(), nullptr, "\n[x")).ok());
}

TEST(Certificate, GarbageIsRefused) {
  const std::string pem = MakeIdentity("fw-a", kNow)->certificate.pem;
  std::string damaged = pem;
  damaged[pem.size() / 2] = damaged[pem.size() / 2] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), std::string("x"), pem + pem, pem.substr(0, pem.size() / 2), damaged,
        std::string(kCertificateBytesMax + 1, 'A'), std::string(100, '\0')}) {
    const auto read = ReadCertificate(text);
    EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << text.size();
  }
}

TEST(Certificate, NamesHaveABound) {
  EXPECT_TRUE(MakeIdentity(std::string(64, 'x'), kNow).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(MakeIdentity(std::string(65, 'x'), kNow).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeIdentity("", kNow).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeIdentity("a\nb", kNow).status()));
}

}  // namespace
}  // namespace configsync
