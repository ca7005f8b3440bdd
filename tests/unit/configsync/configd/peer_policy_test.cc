// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "configsync/peer_policy.h"

#include <gtest/gtest.h>

#include "tests/unit/configsync/follow/tree_maker.h"

namespace configsync {
namespace {

const std::string kSync = "/ha/configuration-synchronization";

TEST(PeerPolicy, IsWhatTheConfigurationSays) {
  const TreeMaker maker;
  const PeerPolicy by_default = PeerPolicyOf(maker.Empty());
  EXPECT_FALSE(by_default.is_enabled);
  EXPECT_TRUE(by_default.has_interface);
  EXPECT_EQ(by_default.password, "");
  const PeerPolicy policy = PeerPolicyOf(maker.Make(
      {kSync + "/enabled true", kSync + "/peer-interface false", kSync + "/local-password hidden",
       kSync + "/remote[b]/address https://10.9.1.2", kSync + "/remote[b]/backup-address 10.9.4.2",
       kSync + "/remote[c]/address 10.9.1.3:4800"}));
  EXPECT_TRUE(policy.is_enabled);
  EXPECT_FALSE(policy.has_interface);
  EXPECT_EQ(policy.password, "hidden");
  EXPECT_EQ(policy.remotes, 2u);
  EXPECT_EQ(policy.addresses, (std::vector<std::string>{"10.9.1.2", "10.9.4.2", "10.9.1.3"}));
}

TEST(PeerPolicy, F8_OnlyRemotesAndAnOpenPairingMayConnect) {
  PeerPolicy policy;
  policy.remotes = 1;
  policy.addresses = {"10.9.1.2", "10.9.4.2"};
  EXPECT_TRUE(IsExpected(policy, "10.9.1.2", 1, false));
  EXPECT_TRUE(IsExpected(policy, "10.9.4.2", 1, false));
  EXPECT_FALSE(IsExpected(policy, "10.9.1.20", 1, false));
  EXPECT_TRUE(IsExpected(policy, "10.9.1.20", 1, true));
  // Somebody who is paired is no remote here, as in a ring: where from is not known.
  EXPECT_TRUE(IsExpected(policy, "10.9.1.20", 2, false));
  EXPECT_FALSE(IsExpected({}, "10.9.1.2", 0, false));
}

}  // namespace
}  // namespace configsync
