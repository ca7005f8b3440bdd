// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Who is not the right caller, and what such a one could try.

#include "configsync/peer/pairing_code.h"
#include "tests/unit/configsync/devices/other_certificates.h"
#include "tests/unit/configsync/peer/pairing_nodes.h"

namespace configsync {
namespace {

using lockstep::peersync::PairingAnswer;
using lockstep::peersync::PairingBegin;
using lockstep::peersync::PairingEnd;
using lockstep::peersync::PairingFinish;
using lockstep::peersync::PairingFinished;
using lockstep::peersync::PairingReveal;

// A caller that does whatever a test wants.
struct Attacker {
  Identity identity = *MakeIdentity("mallory", 1'800'000'000);
  PairingCaller caller{.certificate_pem = identity.certificate.pem, .address = "ipv4:10.9.1.66:1"};
  std::string nonce = std::string(kPairingNonceBytes, 'm');
  std::string begun;  // Commitment to go on with; empty: that of `nonce`.

  [[nodiscard]] PairingBegin Begin() const {
    PairingBegin begin;
    begin.set_protocol(kPairingProtocol);
    begin.set_name("mallory");
    begin.set_pair(true);
    begin.set_commitment(commitment());
    return begin;
  }
  [[nodiscard]] std::string commitment() const {
    return begun.empty() ? PairingCommitment(nonce, identity.certificate.sha256) : begun;
  }
  [[nodiscard]] PairingReveal Reveal() const {
    PairingReveal reveal;
    reveal.set_nonce(nonce);
    reveal.set_commitment(commitment());
    return reveal;
  }
  [[nodiscard]] PairingFinish Gift() const {
    PairingFinish gift;
    gift.set_commitment(commitment());
    gift.set_confirmed(true);
    gift.set_password("mallorys");
    return gift;
  }
};

class PairingAbuseTest : public PairingTest {
 protected:
  void Accept() { ASSERT_TRUE(b_->pairing->Accept(kBert, {}).ok()); }
  PairingCalls& calls() { return *b_->pairing; }
  Attacker mallory_;
  PairingAnswer answer_;
  PairingFinished finished_;
};

TEST_F(PairingAbuseTest, AClosedNodeAnswersNothing) {
  EXPECT_FALSE(calls().is_open());
  EXPECT_TRUE(
      absl::IsPermissionDenied(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_)));
  EXPECT_TRUE(absl::IsPermissionDenied(calls().OnReveal(mallory_.caller, mallory_.Reveal())));
  EXPECT_TRUE(
      absl::IsPermissionDenied(calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_)));
  EXPECT_TRUE(answer_.nonce().empty());
  EXPECT_TRUE(finished_.password().empty());
}

TEST_F(PairingAbuseTest, WhoStartsIsNotOpenForCallers) {
  Meet();
  EXPECT_FALSE(a_->pairing->is_open());
  EXPECT_TRUE(
      absl::IsPermissionDenied(a_->pairing->OnBegin(mallory_.caller, mallory_.Begin(), answer_)));
  EXPECT_TRUE(
      absl::IsPermissionDenied(a_->pairing->OnFinish(mallory_.caller, mallory_.Gift(), finished_)));
}

TEST_F(PairingAbuseTest, ANonceThatWasNotCommittedToEndsIt) {
  Accept();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  mallory_.begun = mallory_.commitment();
  mallory_.nonce = std::string(kPairingNonceBytes, 'n');
  EXPECT_TRUE(absl::IsAborted(calls().OnReveal(mallory_.caller, mallory_.Reveal())));
  EXPECT_EQ(b_->state(), PairingState::kFailed);
  EXPECT_TRUE(b_->Audits("commitment"));
}

TEST_F(PairingAbuseTest, ANonceOfAnotherSizeEndsIt) {
  Accept();
  mallory_.nonce = "short";
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  EXPECT_FALSE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
  EXPECT_EQ(b_->state(), PairingState::kFailed);
}

// Else he could begin until the codes fit.
TEST_F(PairingAbuseTest, OneNonceIsGivenForOneCommitment) {
  Accept();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  const std::string nonce = answer_.nonce();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  EXPECT_EQ(answer_.nonce(), nonce) << "the same question has the same answer";
  mallory_.nonce = std::string(kPairingNonceBytes, 'n');
  answer_.Clear();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_)));
  EXPECT_TRUE(answer_.nonce().empty());
}

TEST_F(PairingAbuseTest, ASecondCallerIsRefusedAndTheFirstGoesOn) {
  Meet();
  for (const absl::Status& status : {calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_),
                                     calls().OnReveal(mallory_.caller, mallory_.Reveal()),
                                     calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_),
                                     calls().OnEnd(mallory_.caller, PairingEnd())}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  }
  ConfirmBoth();
  EXPECT_TRUE(BothEnd(PairingState::kDone));
  EXPECT_EQ(b_->devices->Known().size(), 1u);
}

TEST_F(PairingAbuseTest, AGiftBeforeTheConfirmationIsNotTaken) {
  Accept();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  EXPECT_FALSE(calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_).ok());
  ASSERT_TRUE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
  ASSERT_TRUE(calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_).ok());
  EXPECT_FALSE(finished_.confirmed());
  EXPECT_TRUE(finished_.password().empty());
  EXPECT_TRUE(b_->devices->Known().empty());
}

TEST_F(PairingAbuseTest, WhatWasSaidInAnEarlierPairingIsRefused) {
  Accept();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  ASSERT_TRUE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
  const std::string code = b_->pairing->Status().code;
  const std::string nonce = answer_.nonce();
  b_->pairing->Cancel(kBert);
  Accept();
  EXPECT_TRUE(absl::IsFailedPrecondition(calls().OnReveal(mallory_.caller, mallory_.Reveal())));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_)));
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  ASSERT_TRUE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
  EXPECT_NE(answer_.nonce(), nonce);
  EXPECT_NE(b_->pairing->Status().code, code);
}

// As after a cut: the goodbye of the one before arrives in the next.
TEST_F(PairingAbuseTest, WhatACutHeldUpDoesNotEndTheNextPairing) {
  Accept();
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  PairingEnd late;
  late.set_commitment(mallory_.commitment());
  const PairingReveal late_reveal = mallory_.Reveal();
  b_->pairing->Cancel(kBert);
  Accept();
  mallory_.nonce = std::string(kPairingNonceBytes, 'n');
  ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(calls().OnEnd(mallory_.caller, late)));
  EXPECT_TRUE(absl::IsFailedPrecondition(calls().OnReveal(mallory_.caller, late_reveal)));
  EXPECT_EQ(b_->state(), PairingState::kWaiting);
  ASSERT_TRUE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
  EXPECT_EQ(b_->state(), PairingState::kComparing);
}

TEST_F(PairingAbuseTest, TheAnswerIsGivenAgainForAMomentAlone) {
  Meet();
  ConfirmBoth();
  ASSERT_TRUE(BothEnd(PairingState::kDone));
  const PairingCaller a{.certificate_pem = a_->devices->own().pem, .address = "ipv4:10.9.1.1:1"};
  EXPECT_TRUE(calls().is_open());
  mallory_.begun = begun_;  // Who repeats the very bytes.
  ASSERT_TRUE(calls().OnFinish(a, mallory_.Gift(), finished_).ok());
  EXPECT_EQ(finished_.password(), b_->devices->own_password());
  EXPECT_EQ(b_->devices->Known()[0].their_password, a_->devices->own_password())
      << "it is not stored again";
  finished_.Clear();
  EXPECT_FALSE(calls().OnFinish(mallory_.caller, mallory_.Gift(), finished_).ok());
  EXPECT_TRUE(finished_.password().empty());
  now_ms_ += 10'000;
  EXPECT_FALSE(calls().is_open());
  EXPECT_TRUE(absl::IsPermissionDenied(calls().OnFinish(a, mallory_.Gift(), finished_)));
  EXPECT_TRUE(finished_.password().empty());
}

TEST_F(PairingAbuseTest, OnlyWhoWasPartOfItIsToldHowItEnded) {
  Meet();
  b_->pairing->Cancel(kBert);
  const absl::Status status = calls().OnReveal(mallory_.caller, mallory_.Reveal());
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_EQ(std::string(status.message()).find("cancelled"), std::string::npos);
}

TEST_F(PairingAbuseTest, BoundsAreCheckedBeforeANonceIsGiven) {
  Accept();
  const auto refused = [this](const PairingBegin& begin, const PairingCaller& caller) {
    answer_.Clear();
    const absl::Status status = calls().OnBegin(caller, begin, answer_);
    return !status.ok() && answer_.nonce().empty() && b_->state() == PairingState::kWaiting;
  };
  for (const std::string& name : {std::string(), std::string(65, 'x'), std::string("a b"),
                                  std::string("a\x1b[2J"), std::string(10'000, 'x')}) {
    PairingBegin begin = mallory_.Begin();
    begin.set_name(name);
    EXPECT_TRUE(refused(begin, mallory_.caller)) << name.size();
  }
  PairingBegin begin = mallory_.Begin();
  begin.set_protocol(2);
  EXPECT_TRUE(refused(begin, mallory_.caller));
  begin = mallory_.Begin();
  begin.set_commitment("short");
  EXPECT_TRUE(refused(begin, mallory_.caller));
  begin = mallory_.Begin();
  begin.set_pair(false);
  EXPECT_TRUE(refused(begin, mallory_.caller));
  for (const std::string& pem : {std::string(), std::string("garbage"),
                                 P256Identity().certificate_pem, b_->devices->own().pem}) {
    EXPECT_TRUE(refused(mallory_.Begin(), {.certificate_pem = pem, .address = "ipv4:10.9.1.66:1"}));
  }
  EXPECT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok())
      << "none of them took the one caller's place";
}

TEST_F(PairingAbuseTest, GiftsHaveBounds) {
  for (const auto& [password, secret] :
       {std::pair(std::string(), std::string()), std::pair(std::string(257, 'x'), std::string()),
        std::pair(std::string("a b"), std::string()),
        std::pair(std::string("good"), std::string("not a secret")),
        std::pair(std::string("good"), std::string(1 << 20, 'x'))}) {
    Accept();
    ASSERT_TRUE(calls().OnBegin(mallory_.caller, mallory_.Begin(), answer_).ok());
    ASSERT_TRUE(calls().OnReveal(mallory_.caller, mallory_.Reveal()).ok());
    const PairingCodes codes =
        PairingCodesOf({.caller_nonce = mallory_.nonce,
                        .answerer_nonce = answer_.nonce(),
                        .caller_certificate = mallory_.identity.certificate.sha256,
                        .answerer_certificate = b_->devices->own().sha256});
    ASSERT_TRUE(b_->pairing->Confirm(kBert, codes.caller).ok()) << "deceived, as it were";
    PairingFinish gift = mallory_.Gift();
    gift.set_password(password);
    gift.set_pair_secret(secret);
    EXPECT_FALSE(calls().OnFinish(mallory_.caller, gift, finished_).ok());
    EXPECT_TRUE(b_->devices->Known().empty());
    EXPECT_EQ(b_->state(), PairingState::kFailed);
    EXPECT_FALSE(std::filesystem::exists(b_->secret_path()));
  }
}

}  // namespace
}  // namespace configsync
