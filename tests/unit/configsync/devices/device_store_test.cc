// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "configsync/devices/device.h"

namespace configsync {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr std::int64_t kDay = 86'400;

class DeviceStoreTest : public ::testing::Test {
 protected:
  DeviceStoreTest() {
    std::string pattern = ::testing::TempDir() + "/devices-XXXXXX";
    base_ = mkdtemp(pattern.data());
  }
  ~DeviceStoreTest() override { std::filesystem::remove_all(base_); }

  std::unique_ptr<DeviceStore> Open(const std::string& name = "device") {
    auto store = DeviceStore::Open(base_ + "/" + name, "fw-a", kNow);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  absl::Status OpenError() { return DeviceStore::Open(base_ + "/device", "fw-a", kNow).status(); }

  void Write(const std::string& name, const std::string& content) {
    std::ofstream(base_ + "/device/" + name) << content;
  }
  std::string Read(const std::string& name) {
    std::ifstream file(base_ + "/device/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  unsigned ModeOf(const std::string& name) {
    struct stat status {};
    return stat((base_ + "/" + name).c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
  }
  std::string base_;
};

KnownDevice Other(const std::string& name, bool is_pair = false) {
  return {.certificate = MakeIdentity(name, kNow)->certificate,
          .name = name,
          .is_pair = is_pair,
          .is_revoked = false,
          .their_password = "secret-of-" + name,
          .paired_at = "2027-01-15T08:00:00Z"};
}

TEST_F(DeviceStoreTest, MakesAnIdentityOnceAndKeepsIt) {
  std::unique_ptr<DeviceStore> store = Open();
  ASSERT_NE(store, nullptr);
  const Identity identity = store->OwnIdentity();
  const std::string password = store->own_password();
  EXPECT_EQ(Read("identity.pem"), identity.key_pem + identity.certificate.pem);
  EXPECT_EQ(store->identity_path(), base_ + "/device/identity.pem");
  store.reset();
  store = Open();
  EXPECT_EQ(store->OwnIdentity().key_pem, identity.key_pem);
  EXPECT_EQ(store->own().sha256, identity.certificate.sha256);
  EXPECT_EQ(store->own_password(), password);
}

TEST_F(DeviceStoreTest, FilesAreForTheirOwnerAlone) {
  const std::unique_ptr<DeviceStore> store = Open();
  ASSERT_TRUE(store->Add(Other("fw-b")).ok());
  EXPECT_EQ(ModeOf("device"), 0700u);
  for (const char* name : {"device/identity.pem", "device/password", "device/known.json"}) {
    EXPECT_EQ(ModeOf(name), 0600u) << name;
  }
}

TEST_F(DeviceStoreTest, F11_TwoFreshInstallsHaveDifferentPasswords) {
  const std::unique_ptr<DeviceStore> one = Open("one"), two = Open("two");
  EXPECT_NE(one->own_password(), two->own_password());
  for (const DeviceStore* store : {one.get(), two.get()}) {
    const std::string& password = store->own_password();
    EXPECT_EQ(password.size(), 64u);  // 4 bits each: 256.
    EXPECT_EQ(password.find_first_not_of("0123456789abcdef"), std::string::npos);
  }
}

TEST_F(DeviceStoreTest, KnowsWhatItWasToldAfterAStart) {
  std::unique_ptr<DeviceStore> store = Open();
  const KnownDevice b = Other("fw-b", true);
  ASSERT_TRUE(store->Add(b).ok());
  store.reset();
  store = Open();
  const auto found = store->Find(b.certificate.device);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->certificate.pem, b.certificate.pem);
  EXPECT_EQ(found->certificate.sha256, b.certificate.sha256);
  EXPECT_EQ(found->name, "fw-b");
  EXPECT_TRUE(found->is_pair);
  EXPECT_EQ(found->their_password, "secret-of-fw-b");
  EXPECT_EQ(found->paired_at, b.paired_at);
}

TEST_F(DeviceStoreTest, PairedAgainIsReplaced) {
  const std::unique_ptr<DeviceStore> store = Open();
  KnownDevice b = Other("fw-b", true);
  ASSERT_TRUE(store->Add(b).ok());
  b.their_password = "another";
  ASSERT_TRUE(store->Add(b).ok());
  ASSERT_EQ(store->Known().size(), 1u);
  EXPECT_EQ(store->Known()[0].their_password, "another");
}

TEST_F(DeviceStoreTest, APairHasTwoNodes) {
  const std::unique_ptr<DeviceStore> store = Open();
  const KnownDevice b = Other("fw-b", true);
  ASSERT_TRUE(store->Add(b).ok());
  const absl::Status third = store->Add(Other("fw-c", true));
  EXPECT_TRUE(absl::IsResourceExhausted(third));
  EXPECT_NE(std::string(third.message()).find("GROUP_FULL"), std::string::npos) << third;
  EXPECT_NE(std::string(third.message()).find("fw-b"), std::string::npos) << third;
  EXPECT_TRUE(store->Add(Other("fw-c", false)).ok()) << "a remote for configuration alone";
  ASSERT_TRUE(store->Revoke(b.certificate.device).ok());
  EXPECT_TRUE(store->Add(Other("fw-d", true)).ok()) << "the one before was revoked";
}

TEST_F(DeviceStoreTest, BoundsAreKept) {
  const std::unique_ptr<DeviceStore> store = Open();
  KnownDevice device = Other("fw-b");
  device.name = std::string(65, 'x');
  EXPECT_TRUE(absl::IsInvalidArgument(store->Add(device)));
  device = Other("fw-b");
  device.their_password = std::string(257, 'x');
  EXPECT_TRUE(absl::IsInvalidArgument(store->Add(device)));
  device = Other("fw-b");
  device.certificate.pem = "x";
  EXPECT_TRUE(absl::IsInvalidArgument(store->Add(device)));
  device.certificate = store->own();
  EXPECT_TRUE(absl::IsInvalidArgument(store->Add(device))) << "itself";
  for (std::size_t i = 0; i < kDevicesMax; ++i) {
    ASSERT_TRUE(store->Add(Other("fw-" + std::to_string(i))).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(store->Add(Other("fw-b"))));
  EXPECT_EQ(store->Known().size(), kDevicesMax);
}

TEST_F(DeviceStoreTest, JudgesByPinTimeAndRevocation) {
  const std::unique_ptr<DeviceStore> store = Open();
  const KnownDevice b = Other("fw-b");
  const std::string& pem = b.certificate.pem;
  EXPECT_EQ(JudgePin(*store, pem, kNow), PinVerdict::kNotPinned);
  ASSERT_TRUE(store->Add(b).ok());
  EXPECT_EQ(JudgePin(*store, pem, kNow), PinVerdict::kKnown);
  EXPECT_EQ(JudgePin(*store, pem, kNow - kDay), PinVerdict::kKnown);
  EXPECT_EQ(JudgePin(*store, pem, kNow - kDay - 1), PinVerdict::kExpired) << "not valid yet";
  EXPECT_EQ(JudgePin(*store, pem, kNow + kCertificateDays * kDay), PinVerdict::kKnown);
  EXPECT_EQ(JudgePin(*store, pem, kNow + kCertificateDays * kDay + 1), PinVerdict::kExpired);
  EXPECT_EQ(JudgePin(*store, Other("fw-b").certificate.pem, kNow), PinVerdict::kNotPinned);
  EXPECT_EQ(JudgePin(*store, "garbage", kNow), PinVerdict::kNotPinned);
  ASSERT_TRUE(store->Revoke(b.certificate.device).ok());
  EXPECT_EQ(JudgePin(*store, pem, kNow), PinVerdict::kRevoked);
  EXPECT_TRUE(store->Find(b.certificate.device)->their_password.empty());
  ASSERT_TRUE(store->Forget(b.certificate.device).ok());
  EXPECT_EQ(JudgePin(*store, pem, kNow), PinVerdict::kNotPinned);
}

TEST_F(DeviceStoreTest, RevocationOutlivesAStart) {
  std::unique_ptr<DeviceStore> store = Open();
  const KnownDevice b = Other("fw-b");
  ASSERT_TRUE(store->Add(b).ok());
  ASSERT_TRUE(store->Revoke(b.certificate.device).ok());
  store.reset();
  store = Open();
  EXPECT_EQ(JudgePin(*store, b.certificate.pem, kNow), PinVerdict::kRevoked);
}

TEST_F(DeviceStoreTest, UnknownDevicesAreNamed) {
  const std::unique_ptr<DeviceStore> store = Open();
  for (const absl::Status& status : {store->Revoke("1234"), store->Forget("1234")}) {
    EXPECT_TRUE(absl::IsNotFound(status));
    EXPECT_NE(std::string(status.message()).find("1234"), std::string::npos);
    EXPECT_NE(std::string(status.message()).find("devices list"), std::string::npos);
  }
}

TEST_F(DeviceStoreTest, ARenewedNodeIsAnotherDevice) {
  std::unique_ptr<DeviceStore> store = Open();
  const Identity before = store->OwnIdentity();
  ASSERT_TRUE(store->Renew().ok());
  const Identity after = store->OwnIdentity();
  EXPECT_NE(after.certificate.device, before.certificate.device);
  EXPECT_NE(after.key_pem, before.key_pem);
  store.reset();
  EXPECT_EQ(Open()->own().device, after.certificate.device);
}

TEST_F(DeviceStoreTest, DamagedFilesAreRefusedWithPathAndRemedy) {
  ASSERT_TRUE(Open()->Add(Other("fw-b")).ok());
  const std::string identity = Read("identity.pem"), known = Read("known.json");
  const std::string password = Read("password");
  const std::string stranger = MakeIdentity("fw-a", kNow)->certificate.pem;
  const std::pair<std::string, std::string> damages[] = {
      {"identity.pem", ""},
      {"identity.pem", identity.substr(0, identity.size() / 2)},
      {"identity.pem", identity.substr(identity.find("-----BEGIN CERT"))},
      {"identity.pem", identity.substr(0, identity.find("-----BEGIN CERT")) + stranger},
      {"identity.pem", std::string(100'000, 'x')},
      {"password", ""},
      {"password", "short\n"},
      {"password", std::string(64, 'x')},
      {"known.json", ""},
      {"known.json", known.substr(0, known.size() / 2)},
      {"known.json", "{\"devices\":[1]}"},
      {"known.json", "{\"devices\":[{}]}"},
      {"known.json", "[]"},
      {"known.json", std::string(1 << 20, '[')},
  };
  for (const auto& [name, content] : damages) {
    Write(name, content);
    const absl::Status status = OpenError();
    const std::string text(status.message());
    EXPECT_FALSE(status.ok()) << name << ": " << content.substr(0, 40);
    EXPECT_NE(text.find("/device/" + name), std::string::npos) << text;
    EXPECT_EQ(text.find("PRIVATE"), std::string::npos) << text;
    EXPECT_EQ(text.find("secret-of"), std::string::npos) << text;
    Write("identity.pem", identity);
    Write("password", password);
    Write("known.json", known);
  }
  EXPECT_TRUE(OpenError().ok());
}

TEST_F(DeviceStoreTest, AFileThatOthersMayReadIsRefused) {
  ASSERT_NE(Open(), nullptr);
  ASSERT_EQ(chmod((base_ + "/device/password").c_str(), 0644), 0);
  const absl::Status status = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_NE(std::string(status.message()).find("chmod 600"), std::string::npos);
}

TEST_F(DeviceStoreTest, WhatCannotBeWrittenIsNotKnown) {
  const std::unique_ptr<DeviceStore> store = Open();
  // A folder where the new content would be written makes each write fail, for root too.
  std::filesystem::create_directory(base_ + "/device/known.json.new");
  const KnownDevice b = Other("fw-b");
  EXPECT_FALSE(store->Add(b).ok());
  EXPECT_FALSE(store->Find(b.certificate.device).has_value());
  std::filesystem::create_directory(base_ + "/device/identity.pem.new");
  const std::string before = store->own().device;
  EXPECT_FALSE(store->Renew().ok());
  EXPECT_EQ(store->own().device, before);
}

}  // namespace
}  // namespace configsync
