// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/ha/carrier.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace dataplane {
namespace {

std::vector<std::uint8_t> LinkMessage(const std::string& name, unsigned flags,
                                      std::uint16_t type = RTM_NEWLINK) {
  const std::size_t attribute_bytes = RTA_LENGTH(name.size() + 1);
  std::vector<std::uint8_t> bytes(NLMSG_SPACE(sizeof(ifinfomsg)) + RTA_ALIGN(attribute_bytes));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
  header.nlmsg_type = type;
  ifinfomsg info{};
  info.ifi_flags = flags;
  rtattr attribute{};
  attribute.rta_len = static_cast<unsigned short>(attribute_bytes);
  attribute.rta_type = IFLA_IFNAME;
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + NLMSG_HDRLEN, &info, sizeof(info));
  std::memcpy(bytes.data() + NLMSG_SPACE(sizeof(ifinfomsg)), &attribute, sizeof(attribute));
  std::memcpy(bytes.data() + NLMSG_SPACE(sizeof(ifinfomsg)) + RTA_LENGTH(0), name.c_str(),
              name.size() + 1);
  return bytes;
}

class CarrierTest : public ::testing::Test {
 protected:
  CarrierTest() : watch_(CarrierWatch::Create({{"wan", true}, {"lan", false}}).value()) {}
  void Feed(const std::vector<std::uint8_t>& bytes) {
    watch_.Parse(bytes, [this](const CarrierWatch::Entry& entry) {
      changes_.push_back(entry.interface.name + " " + std::string(NameOf(entry.carrier)));
    });
  }
  CarrierWatch watch_;
  std::vector<std::string> changes_;
};

constexpr unsigned kUp = IFF_UP | IFF_LOWER_UP;

TEST_F(CarrierTest, OnlyACriticalInterfaceMakesTheNodeNonfunctional) {
  EXPECT_TRUE(watch_.functional());
  Feed(LinkMessage("wan", kUp));
  Feed(LinkMessage("lan", IFF_UP));
  EXPECT_TRUE(watch_.functional());
  Feed(LinkMessage("wan", IFF_UP));  // Up by the administrator, no carrier.
  EXPECT_FALSE(watch_.functional());
  Feed(LinkMessage("wan", kUp));
  EXPECT_TRUE(watch_.functional());
  Feed(LinkMessage("wan", kUp, RTM_DELLINK));
  EXPECT_FALSE(watch_.functional());
  EXPECT_EQ(changes_,
            (std::vector<std::string>{"wan up", "lan down", "wan down", "wan up", "wan absent"}));
}

TEST_F(CarrierTest, AChangeIsToldOnceAndStrangersAreIgnored) {
  Feed(LinkMessage("wan", kUp));
  Feed(LinkMessage("wan", kUp));
  Feed(LinkMessage("eth9", 0));
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(CarrierTest, DamagedMessagesEndTheParse) {
  std::mt19937 random(5);
  const std::vector<std::uint8_t> good = LinkMessage("wan", kUp);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> bytes = good;
    bytes.resize(random() % (bytes.size() + 1));
    for (int j = 0; j < 3 && !bytes.empty(); ++j) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    Feed(bytes);
  }
}

TEST(CarrierWatch, TheKernelReportsTheLoopbackInterface) {
  CarrierWatch watch = CarrierWatch::Create({{"lo", false}}).value();
  for (int i = 0; i < 1'000'000 && watch.entries()[0].carrier == Carrier::kUnknown; ++i) {
    watch.Turn([](const CarrierWatch::Entry&) {});
  }
  EXPECT_NE(watch.entries()[0].carrier, Carrier::kUnknown);
}

}  // namespace
}  // namespace dataplane
