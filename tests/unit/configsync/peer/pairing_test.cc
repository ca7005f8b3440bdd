// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include <sys/stat.h>

#include "configsync/peer/pair_secret.h"
#include "tests/unit/configsync/peer/pairing_nodes.h"

namespace configsync {
namespace {

using ::testing::Test;

std::string OnlyPassword(const TestNode& node) {
  const std::vector<KnownDevice> known = node.devices->Known();
  return known.size() == 1 ? known[0].their_password : "";
}

TEST_F(PairingTest, F76_TwoFreshNodesBecomeAPairWithoutPrompts) {
  Meet();
  EXPECT_NE(a_->pairing->Status().code, b_->pairing->Status().code);
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone)) << a_->pairing->Status().text;

  const auto b_at_a = a_->devices->Find(b_->devices->own().device);
  const auto a_at_b = b_->devices->Find(a_->devices->own().device);
  ASSERT_TRUE(b_at_a.has_value() && a_at_b.has_value());
  EXPECT_EQ(b_at_a->certificate.sha256, b_->devices->own().sha256);
  EXPECT_EQ(a_at_b->certificate.sha256, a_->devices->own().sha256);
  EXPECT_TRUE(b_at_a->is_pair && a_at_b->is_pair);
  EXPECT_EQ(b_at_a->name, "fw-b");
  EXPECT_EQ(a_at_b->paired_at, "2027-01-15T08:00:00Z");
  EXPECT_EQ(b_->master_key, a_->master_key) << "who accepts takes the key of who starts";
  EXPECT_TRUE(IsPairSecretText(a_->ReadSecret()));
  EXPECT_EQ(b_->ReadSecret(), a_->ReadSecret());
  struct stat status {};
  ASSERT_EQ(stat(b_->secret_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
}

TEST_F(PairingTest, F12_EachSideHasTheOthersPasswordAndKeepsItsOwn) {
  const std::string a_own = a_->devices->own_password(), b_own = b_->devices->own_password();
  ASSERT_NE(a_own, b_own);
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_EQ(OnlyPassword(*a_), b_own);
  EXPECT_EQ(OnlyPassword(*b_), a_own);
  EXPECT_EQ(a_->devices->own_password(), a_own);
  EXPECT_EQ(b_->devices->own_password(), b_own);
}

TEST_F(PairingTest, F12_PairingAgainBringsAPasswordThatWasChanged) {
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  b_->local_password = "set-in-the-configuration-of-b";
  EXPECT_NE(OnlyPassword(*a_), b_->local_password) << "nothing carries it over by itself";
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone)) << a_->pairing->Status().text;
  EXPECT_EQ(OnlyPassword(*a_), b_->local_password);
  EXPECT_EQ(a_->devices->Known().size(), 1u) << "the same device, not a third";
}

TEST_F(PairingTest, F11_F13_NoSecretIsInAnyTextOrAudit) {
  Meet();
  std::string texts = a_->pairing->Status().text + b_->pairing->Status().text;
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  ASSERT_TRUE(a_->Audits("done: pairing: fw-b") && b_->Audits("done: pairing: fw-a"));
  texts += a_->pairing->Status().text + b_->pairing->Status().text + a_->Audit() + b_->Audit();
  ASSERT_NE(texts.find("paired with fw-b"), std::string::npos) << texts;
  const std::string secret = a_->ReadSecret();
  for (const std::string& word :
       {a_->devices->own_password(), b_->devices->own_password(), a_->master_key,
        secret.substr(kPairSecretHeader.size() + 1, 64), std::string("PRIVATE KEY")}) {
    EXPECT_EQ(texts.find(word), std::string::npos) << texts;
  }
}

TEST_F(PairingTest, StartMayComeBeforeAccept) {
  ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", {}).ok());
  ASSERT_TRUE(Eventually([this] { return CallCount() > 0; }));
  EXPECT_EQ(a_->state(), PairingState::kWaiting);
  ASSERT_TRUE(b_->pairing->Accept(kBert, {}).ok());
  ASSERT_TRUE(Eventually([this] { return a_->state() == PairingState::kComparing; }))
      << a_->pairing->Status().text;
}

TEST_F(PairingTest, AWrongCodeEndsItOnBoth) {
  Meet();
  ASSERT_TRUE(ConfirmAtB().ok());
  std::string wrong = b_->pairing->Status().code;
  wrong[0] = wrong[0] == '9' ? '0' : static_cast<char>(wrong[0] + 1);
  if (wrong == a_->pairing->Status().code) wrong[1] = wrong[1] == '9' ? '0' : '9';
  EXPECT_TRUE(absl::IsPermissionDenied(a_->pairing->Confirm(kAnna, wrong)));
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  EXPECT_NE(b_->pairing->Status().text.find("wrong code was typed at fw-a"), std::string::npos);
  EXPECT_TRUE(a_->Audits("wrong code"));
  EXPECT_TRUE(b_->Audits("wrong code"));
  EXPECT_FALSE(ConfirmAtA().ok()) << "there is no second try";
  ExpectNothingStored();
}

TEST_F(PairingTest, AWrongCodeAtWhoAcceptsEndsItOnBoth) {
  Meet();
  std::string wrong = a_->pairing->Status().code;
  wrong[0] = wrong[0] == '9' ? '0' : static_cast<char>(wrong[0] + 1);
  if (wrong == b_->pairing->Status().code) wrong[1] = wrong[1] == '9' ? '0' : '9';
  EXPECT_TRUE(absl::IsPermissionDenied(b_->pairing->Confirm(kBert, wrong)));
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  EXPECT_NE(a_->pairing->Status().text.find("wrong code was typed at fw-b"), std::string::npos)
      << a_->pairing->Status().text;
  ExpectNothingStored();
}

TEST_F(PairingTest, TheOwnCodeIsNoComparison) {
  Meet();
  EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Confirm(kAnna, a_->pairing->Status().code)));
  EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Confirm(kAnna, "")));
  EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Confirm(kAnna, "12345")));
  EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Confirm(kAnna, "12345x")));
  EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Confirm(kAnna, std::string(1 << 20, '1'))));
  EXPECT_EQ(a_->state(), PairingState::kComparing) << "a slip, not a try";
  std::string spaced = b_->pairing->Status().code;
  spaced.insert(3, " ");
  EXPECT_TRUE(a_->pairing->Confirm(kAnna, spaced).ok());
}

TEST_F(PairingTest, OneOperatorAloneStoresNothing) {
  Meet();
  ASSERT_TRUE(ConfirmAtA().ok());
  const std::size_t count = CallCount();
  ASSERT_TRUE(Eventually([this, count] { return CallCount() > count + 1; }));
  EXPECT_EQ(a_->state(), PairingState::kConfirmed);
  ExpectNothingStored();
  now_ms_ += kPairingMs;
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  ExpectNothingStored();
}

TEST_F(PairingTest, TheOtherOperatorAloneStoresNothing) {
  Meet();
  ASSERT_TRUE(ConfirmAtB().ok());
  const std::size_t count = CallCount();
  ASSERT_TRUE(Eventually([this, count] { return CallCount() > count + 1; }));
  EXPECT_EQ(a_->state(), PairingState::kComparing);
  EXPECT_EQ(b_->state(), PairingState::kConfirmed);
  now_ms_ += kPairingMs;
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  ExpectNothingStored();
}

TEST_F(PairingTest, AnyMessageMayBeLostOnce) {
  for (const char* method : {"Begin", "Reveal", "Finish", "HandOver"}) {
    for (const Fate fate : {Fate::kRequestLost, Fate::kAnswerLost}) {
      bool is_lost = false;
      SetFate([&, method](const std::string& called) {
        return called == method && !std::exchange(is_lost, true) ? fate : Fate::kArrives;
      });
      Meet();
      ConfirmBoth();
      ASSERT_TRUE(BothEnd(PairingState::kDone)) << method << a_->pairing->Status().text;
      EXPECT_TRUE(is_lost) << method;
      EXPECT_EQ(OnlyPassword(*a_), b_->devices->own_password()) << method;
      EXPECT_EQ(OnlyPassword(*b_), a_->devices->own_password()) << method;
    }
  }
}

TEST_F(PairingTest, AWayThatIsCutForGoodEndsItOnBoth) {
  Meet();
  SetFate([](const std::string&) { return Fate::kRequestLost; });
  const std::size_t count = CallCount();
  ASSERT_TRUE(Eventually([this, count] { return CallCount() > count; }));
  now_ms_ += kPairingSilentMs;
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  EXPECT_NE(a_->pairing->Status().text.find("silent"), std::string::npos);
  EXPECT_NE(b_->pairing->Status().text.find("silent"), std::string::npos);
  ExpectNothingStored();
}

TEST_F(PairingTest, NobodyIsFoundWithinThreeMinutes) {
  SetFate([](const std::string&) { return Fate::kRequestLost; });
  ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", {}).ok());
  ASSERT_TRUE(Eventually([this] { return !a_->pairing->Status().text.empty(); }));
  now_ms_ += kPairingMs - 1'000;
  EXPECT_EQ(a_->state(), PairingState::kWaiting);
  EXPECT_EQ(a_->pairing->Status().remaining_s, 1u);
  now_ms_ += 1'000;
  EXPECT_EQ(a_->state(), PairingState::kFailed);
  EXPECT_NE(a_->pairing->Status().text.find("start again"), std::string::npos);
}

TEST_F(PairingTest, CancelEndsItOnBoth) {
  Meet();
  a_->pairing->Cancel(kAnna);
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  Meet();
  b_->pairing->Cancel(kBert);
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  EXPECT_NE(a_->pairing->Status().text.find("cancelled at fw-b"), std::string::npos);
  ExpectNothingStored();
}

TEST_F(PairingTest, OneRunsAtATime) {
  Meet();
  EXPECT_TRUE(absl::IsFailedPrecondition(a_->pairing->Begin(kAnna, "10.9.1.3", {})));
  EXPECT_TRUE(absl::IsFailedPrecondition(b_->pairing->Accept(kBert, {})));
  EXPECT_EQ(b_->state(), PairingState::kComparing);
}

TEST_F(PairingTest, WhoAcceptsKeepsASecretOfItsOwnAndSaysSo) {
  const std::string own = *RandomPairSecretText();
  ASSERT_TRUE(WriteNewPairSecret(b_->secret_path(), own).ok());
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_EQ(b_->ReadSecret(), own);
  EXPECT_NE(a_->pairing->Status().text.find("HA2 pair secret kept"), std::string::npos);
  EXPECT_NE(b_->pairing->Status().text.find("HA2 pair secret kept"), std::string::npos);
}

TEST_F(PairingTest, WhoAcceptsMayKeepItsMasterKey) {
  const std::string own = b_->master_key;
  Meet({}, {.keep_master_key = true});
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_EQ(b_->master_key, own);
  EXPECT_NE(b_->pairing->Status().text.find("master key kept"), std::string::npos);
  EXPECT_NE(a_->pairing->Status().text.find("master keys differ"), std::string::npos)
      << a_->pairing->Status().text;
}

TEST_F(PairingTest, AMasterKeyThatTheEngineRefusesIsSaidAndNotFatal) {
  b_->master_key_refusal = absl::FailedPreconditionError("synchronisation is on");
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_NE(a_->pairing->Status().text.find("synchronisation is on"), std::string::npos);
  EXPECT_NE(b_->pairing->Status().text.find("master key not taken"), std::string::npos);
}

TEST_F(PairingTest, ARemoteGetsNeitherPairSecretNorAPlaceInThePair) {
  Meet({.is_pair = false}, {.is_pair = false});
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_FALSE(a_->devices->Known()[0].is_pair);
  EXPECT_FALSE(b_->devices->Known()[0].is_pair);
  EXPECT_FALSE(std::filesystem::exists(a_->secret_path()));
  EXPECT_FALSE(std::filesystem::exists(b_->secret_path()));
}

TEST_F(PairingTest, AThirdNodeOfAPairIsRefusedByName) {
  KnownDevice old;
  old.certificate = MakeIdentity("fw-old", 1'800'000'000)->certificate;
  old.name = "fw-old";
  old.is_pair = true;
  ASSERT_TRUE(b_->devices->Add(old).ok());
  ASSERT_TRUE(b_->pairing->Accept(kBert, {}).ok());
  ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", {}).ok());
  ASSERT_TRUE(Eventually([this] { return a_->state() == PairingState::kFailed; }));
  for (TestNode* node : {a_.get(), b_.get()}) {
    const std::string text = node->pairing->Status().text;
    EXPECT_NE(text.find("GROUP_FULL: fw-b is a pair with fw-old"), std::string::npos) << text;
  }
  b_->pairing->Cancel(kBert);
  Meet({.is_pair = false}, {.is_pair = false});
}

// Who starts may refuse as well, and says so: else the other one waits for three minutes.
TEST_F(PairingTest, WhoStartsAndRefusesTheOtherEndsItOnBoth) {
  KnownDevice old;
  old.certificate = MakeIdentity("fw-old", 1'800'000'000)->certificate;
  old.name = "fw-old";
  old.is_pair = true;
  ASSERT_TRUE(a_->devices->Add(old).ok());
  ASSERT_TRUE(b_->pairing->Accept(kBert, {}).ok());
  ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", {}).ok());
  EXPECT_TRUE(BothEnd(PairingState::kFailed)) << b_->pairing->Status().text;
  EXPECT_NE(a_->pairing->Status().text.find("GROUP_FULL: fw-a is a pair with fw-old"),
            std::string::npos);
  EXPECT_EQ(b_->pairing->Status().text, "ended at fw-a");
}

TEST_F(PairingTest, ARevokedDeviceHasToBeForgottenFirst) {
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  const std::string device = a_->devices->own().device;
  ASSERT_TRUE(b_->devices->Revoke(device).ok());
  ASSERT_TRUE(b_->pairing->Accept(kBert, {}).ok());
  ASSERT_TRUE(a_->pairing->Begin(kAnna, "10.9.1.2", {}).ok());
  ASSERT_TRUE(Eventually([this] { return a_->state() == PairingState::kFailed; }));
  EXPECT_NE(a_->pairing->Status().text.find("devices forget " + device), std::string::npos)
      << a_->pairing->Status().text;
  EXPECT_TRUE(b_->devices->Known()[0].is_revoked);
  b_->pairing->Cancel(kBert);
  ASSERT_TRUE(b_->devices->Forget(device).ok());
  Meet();
  ConfirmBoth();
  EXPECT_TRUE(BothEnd(PairingState::kDone)) << a_->pairing->Status().text;
}

TEST_F(PairingTest, AFullDiskAtWhoAcceptsStoresNoDeviceAnywhere) {
  std::filesystem::create_directory(b_->folder + "/device/known.json.new");
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kFailed));
  EXPECT_TRUE(a_->devices->Known().empty());
  EXPECT_TRUE(b_->devices->Known().empty());
  // Pair secret and master key had been taken: no text may say that nothing was.
  const std::string text = a_->pairing->Status().text;
  EXPECT_NE(text.find("the device was not stored at fw-b"), std::string::npos) << text;
  EXPECT_NE(text.find("; before that: "), std::string::npos) << text;
}

TEST_F(PairingTest, AddressesAreAddresses) {
  for (const char* address : {"", "fw-b", "10.9.1", "10.9.1.2:0", "10.9.1.2:99999", "[::1",
                              "10.9.1.2:4792:1", "unix:/x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(a_->pairing->Begin(kAnna, address, {}))) << address;
  }
  EXPECT_EQ(a_->state(), PairingState::kNone);
}

}  // namespace
}  // namespace configsync
