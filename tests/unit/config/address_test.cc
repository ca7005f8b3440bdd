// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/config/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace dataplane {
namespace {

TEST(Address, DottedQuadIsRead) {
  EXPECT_EQ(ParseAddress("10.1.0.2"), inet_addr("10.1.0.2"));
  EXPECT_EQ(ParseAddress("255.255.255.255"), 0xffffffffu);
}

TEST(Address, OtherSpellingsAreRefused) {
  for (const char* text :
       {"", "10", "10.1.2", "10.1.2.3.4", "10.1.2.256", "010.1.2.3", "10.1.2.-3", " 10.1.2.3",
        "10.1.2.3 ", "10.1.2.", ".1.2.3", "a.b.c.d", "10.1.2.3/8", "1.2.3.99999999999", "::1"}) {
    EXPECT_FALSE(ParseAddress(text).has_value()) << text;
  }
}

TEST(Address, LengthIsBounded) {
  EXPECT_EQ(ParseAddressWithLength("10.0.0.1/32")->prefix_length, 32);
  EXPECT_EQ(ParseAddressWithLength("0.0.0.0/0")->prefix_length, 0);
  for (const char* text : {"10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/08", "/8"}) {
    EXPECT_FALSE(ParseAddressWithLength(text).has_value()) << text;
  }
}

TEST(Address, PrefixesOverlapIfOneHoldsTheOther) {
  const PrefixOptions wide = PrefixOf(inet_addr("10.0.0.0"), 8);
  const PrefixOptions narrow = PrefixOf(inet_addr("10.1.0.0"), 16);
  const PrefixOptions apart = PrefixOf(inet_addr("11.0.0.0"), 8);
  EXPECT_TRUE(Overlap(wide, narrow));
  EXPECT_TRUE(Overlap(narrow, wide));
  EXPECT_FALSE(Overlap(narrow, apart));
  EXPECT_TRUE(Overlap(PrefixOptions{}, apart));
}

TEST(Address, EdgesOfAPrefixAreNoHosts) {
  const PrefixOptions prefix = PrefixOf(inet_addr("10.1.0.0"), 24);
  EXPECT_TRUE(IsPrefixEdge(prefix, inet_addr("10.1.0.0")));
  EXPECT_TRUE(IsPrefixEdge(prefix, inet_addr("10.1.0.255")));
  EXPECT_FALSE(IsPrefixEdge(prefix, inet_addr("10.1.0.254")));
  EXPECT_FALSE(IsPrefixEdge(PrefixOf(inet_addr("10.1.0.0"), 31), inet_addr("10.1.0.0")));
}

TEST(Address, CpuSetsKeepTheirOrder) {
  EXPECT_EQ(FormatCpuSet(*ParseCpuSet("0,2-3,7")), "0,2-3,7");
  EXPECT_EQ(FormatCpuSet(*ParseCpuSet("0,1,2")), "0-2");
  for (const char* text : {"", ",", "1,", "3-1", "1,1", "2,1", "1024", "a", "0-"}) {
    EXPECT_FALSE(ParseCpuSet(text).has_value()) << text;
  }
}

TEST(Address, PortsAreOneTo65535) {
  EXPECT_EQ(ParsePortRange("443"), (PortRangeOptions{443, 443}));
  EXPECT_EQ(ParsePortRange("1-65535"), (PortRangeOptions{1, 65535}));
  for (const char* text : {"0", "65536", "0-5", "5-4", "-", "80-", "-80", "8 0"}) {
    EXPECT_FALSE(ParsePortRange(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace dataplane
