// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/core/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dataplane {
namespace {

TEST(Counters, EveryReasonAndEventHasAUniqueNameAndAHelp) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    const CounterText& text = TextOf(static_cast<DropReason>(i));
    EXPECT_FALSE(text.name.empty()) << i;
    EXPECT_TRUE(text.help.ends_with('.')) << text.name;
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
  }
  names.clear();
  for (std::size_t i = 0; i < kEventCount; ++i) {
    const CounterText& text = TextOf(static_cast<Event>(i));
    EXPECT_FALSE(text.name.empty()) << i;
    EXPECT_TRUE(text.help.ends_with('.')) << text.name;
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
  }
}

TEST(Counters, NamesStandInTheOrderOfTheirEnum) {
  EXPECT_EQ(TextOf(DropReason::kIpSourceRoute).name, "ip_source_route");
  EXPECT_EQ(TextOf(DropReason::kTtlExceeded).name, "ttl_exceeded");
  EXPECT_EQ(TextOf(DropReason::kMidStream).name, "mid_stream");
  EXPECT_EQ(TextOf(DropReason::kNatExhausted).name, "nat_exhausted");
  EXPECT_EQ(TextOf(DropReason::kNoBuffer).name, "no_buffer");
  EXPECT_EQ(TextOf(Event::kSessionsReanchored).name, "sessions_reanchored");
  EXPECT_EQ(TextOf(Event::kArpLearnt).name, "arp_learnt");
  EXPECT_EQ(TextOf(Event::kHandedOver).name, "handed_over");
}

TEST(Counters, EachCountsItsOwn) {
  Counters counters;
  counters.Drop(DropReason::kMidStream);
  counters.Add(Event::kBytesForwarded, 1'500);
  EXPECT_EQ(counters.value(DropReason::kMidStream), 1u);
  EXPECT_EQ(counters.value(DropReason::kTcpState), 0u);
  EXPECT_EQ(counters.value(Event::kBytesForwarded), 1'500u);
}

}  // namespace
}  // namespace dataplane
