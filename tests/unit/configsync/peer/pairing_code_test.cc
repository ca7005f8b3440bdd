// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer/pairing_code.h"

#include <gtest/gtest.h>

#include <map>

namespace configsync {
namespace {

// By hand, in Python: hashlib over the bytes of PAIRING.md. It never changes within protocol 1.
TEST(PairingCode, IsAsThePageSays) {
  const PairingTranscript transcript{.caller_nonce = std::string(32, '\x01'),
                                     .answerer_nonce = std::string(32, '\x02'),
                                     .caller_certificate = std::string(64, 'a'),
                                     .answerer_certificate = std::string(64, 'b')};
  const PairingCodes codes = PairingCodesOf(transcript);
  EXPECT_EQ(codes.caller, "421715");
  EXPECT_EQ(codes.answerer, "539314");
  const std::string commitment = PairingCommitment(std::string(32, '\x01'), std::string(64, 'a'));
  ASSERT_EQ(commitment.size(), 32u);
  EXPECT_EQ(static_cast<unsigned char>(commitment[0]), 0x24u);
  EXPECT_EQ(static_cast<unsigned char>(commitment[31]), 0xf2u);
}

TEST(PairingCode, ChangesWithEachInput) {
  const PairingTranscript base{.caller_nonce = std::string(32, '\x01'),
                               .answerer_nonce = std::string(32, '\x02'),
                               .caller_certificate = std::string(64, 'a'),
                               .answerer_certificate = std::string(64, 'b')};
  const std::string before = PairingCodesOf(base).caller;
  for (std::string PairingTranscript::*member :
       {&PairingTranscript::caller_nonce, &PairingTranscript::answerer_nonce,
        &PairingTranscript::caller_certificate, &PairingTranscript::answerer_certificate}) {
    PairingTranscript other = base;
    (other.*member)[0] = 'c';
    EXPECT_NE(PairingCodesOf(other).caller, before);
  }
}

TEST(PairingCode, TwoCodesOfSixDigitsAreNeverTheSame) {
  std::map<char, int> first_digits;
  for (int i = 0; i < 2'000; ++i) {
    const auto nonce = RandomPairingNonce();
    ASSERT_TRUE(nonce.ok());
    const PairingCodes codes = PairingCodesOf({.caller_nonce = *nonce,
                                               .answerer_nonce = std::string(32, 'x'),
                                               .caller_certificate = std::string(64, 'a'),
                                               .answerer_certificate = std::string(64, 'b')});
    ASSERT_EQ(codes.caller.size(), 6u);
    ASSERT_EQ(codes.answerer.size(), 6u);
    ASSERT_NE(codes.caller, codes.answerer);
    ++first_digits[codes.caller[0]];
  }
  EXPECT_EQ(first_digits.size(), 10u) << "leading zeros are kept";
}

}  // namespace
}  // namespace configsync
