// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/store/seal.h"

#include <gtest/gtest.h>

#include "tests/sim/config/small_schema.h"

namespace configsync {
namespace {

MasterKey KeyOf(char digit) { return *MasterKeyOf(std::string(64, digit)); }

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer(KeyOf('1'));
  for (const std::string& clear : {std::string(), std::string("x"), std::string(4'000, '\xff')}) {
    const auto sealed = sealer.Seal("/a/b", clear);
    ASSERT_TRUE(sealed.ok());
    const auto opened = sealer.Open("/a/b", *sealed);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, clear);
  }
}

TEST(Sealer, SealsTheSameTextDifferentlyEachTime) {
  const Sealer sealer(KeyOf('1'));
  EXPECT_NE(*sealer.Seal("/a", "secret"), *sealer.Seal("/a", "secret"));
}

TEST(Sealer, RefusesAnotherPlaceKeyOrByte) {
  const Sealer sealer(KeyOf('1'));
  const std::string sealed = *sealer.Seal("/a/b", "secret");
  EXPECT_TRUE(absl::IsDataLoss(sealer.Open("/a/c", sealed).status()));
  EXPECT_TRUE(absl::IsDataLoss(Sealer(KeyOf('2')).Open("/a/b", sealed).status()));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_TRUE(absl::IsDataLoss(sealer.Open("/a/b", altered).status())) << i;
  }
  EXPECT_TRUE(absl::IsDataLoss(sealer.Open("/a/b", sealed.substr(0, 10)).status()));
  EXPECT_TRUE(absl::IsDataLoss(sealer.Open("/a/b", "").status()));
}

TEST(Sealer, TouchesSecretsAmongEditsOnly) {
  const SmallSchema schema;
  const Sealer sealer(KeyOf('1'));
  const std::vector<Edit> clear = {
      schema.Set("system host-name", "fw1"), schema.Set("system password", "hunter2"),
      schema.Set("system token t0ken"), schema.Delete("system password")};
  std::vector<Edit> edits = clear;
  ASSERT_TRUE(sealer.SealEdits(edits).ok());
  EXPECT_EQ(edits[0], clear[0]);
  EXPECT_EQ(edits[1].value.find("hunter2"), std::string::npos);
  EXPECT_EQ(edits[2].path.back().keys[0].find("t0ken"), std::string::npos);
  EXPECT_EQ(edits[3], clear[3]);
  ASSERT_TRUE(sealer.OpenEdits(edits).ok());
  EXPECT_EQ(edits, clear);
}

}  // namespace
}  // namespace configsync
